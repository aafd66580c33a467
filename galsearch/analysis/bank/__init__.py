"""Banks of labelled galaxies, and the galaxies that are compared with them."""
