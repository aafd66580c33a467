"""Reading of spectra of the Sloan Digital Sky Survey."""
