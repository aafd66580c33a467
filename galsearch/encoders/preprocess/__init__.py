"""Preparation of images and spectra: physical units in, network inputs out."""
