"""Constants of the small index that many tests read."""

from galsearch.index import IndexRecipe

N_TOY = 600
"""Galaxies with an image; all but the last 50 have a spectrum."""
TOY_RECIPE = IndexRecipe(name="toy", n_tuning_queries=40, n_bits=4)
"""Few bits train fast."""
