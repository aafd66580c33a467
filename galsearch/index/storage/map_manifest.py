"""The manifest entry of a map: a two-dimensional projection of the vectors of one modality."""

from dataclasses import dataclass

MAP_PREFIX = "map-"
"""Prefix of the names of map files; the name of the modality and `.npy` follow."""


@dataclass(frozen=True)
class MapManifest:
    """Manifest entry of the map of one modality."""

    path: str
    """File of the positions, relative to the index."""
    n_galaxies: int
    """Number of galaxies that have a position."""
    n_fitted: int
    """Number of galaxies that the map was fitted to; the others were placed afterwards."""
    n_neighbours: int
    """Number of neighbours of each galaxy that the fit kept together."""
    seed: int
    """Seed of the choice of fitted galaxies and of the fit."""
    trustworthiness: float
    """Trustworthiness of the positions in the map when it was fitted, 0 to 1, 1 if no galaxy is
    among the neighbours on the map that is none among the vectors."""
    preserved_neighbours: float
    """Fraction of the nearest neighbours among the vectors that are nearest on the map too."""
    n_measured: int
    """Number of galaxies, sampled from the map, that measured both."""
    library: str
    """Name and version of the library that fitted the map."""
    created: str
    """Time of the fit in UTC, as ISO 8601 text."""
