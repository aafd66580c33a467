"""Preprocessing of images and spectra: physical units to network inputs."""
