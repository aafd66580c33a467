"""Application of encoders trained on simulated galaxies to real spectra and images."""
