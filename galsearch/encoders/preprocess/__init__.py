"""Preprocessing of images and spectra: conversion from physical units to network inputs."""
