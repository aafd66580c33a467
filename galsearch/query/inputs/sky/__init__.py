"""Positions on the sky and names of objects, and the galaxies of an index that lie there."""
