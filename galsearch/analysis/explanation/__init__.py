"""Parts of images and spectra, and how much the similarity of two galaxies falls without them."""
