"""Augmentations of images and spectra."""
