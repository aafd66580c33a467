"""Spectra of simulated galaxies as DESI records them: fibre flux, noise and masked pixels."""
