"""Data sets of galaxies in the layouts in which other projects publish them."""
