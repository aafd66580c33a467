"""The two modalities of a galaxy, image and spectrum, and the four directions of a query."""

from enum import StrEnum


class Modality(StrEnum):
    """A kind of data on a galaxy.

    A query names two of them: `using`, the modality of the query galaxy, and `among`, the
    modality that is searched.
    """

    IMAGE = "image"
    SPECTRUM = "spectrum"


DIRECTIONS: tuple[tuple[Modality, Modality], ...] = tuple(
    (using, among) for using in Modality for among in Modality
)
"""All four pairs of a query modality and a searched modality, starting with image to image."""
