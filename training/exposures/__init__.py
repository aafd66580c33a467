"""Simulated exposures in a compact form: two images and two spectra of every object."""
