"""The two things a galaxy is known by, and the four questions they make."""

from enum import StrEnum


class Modality(StrEnum):
    """An image or a spectrum; a question names two of them, `using` and `among`."""

    IMAGE = "image"
    SPECTRUM = "spectrum"


DIRECTIONS: tuple[tuple[Modality, Modality], ...] = tuple(
    (using, among) for using in Modality for among in Modality
)
"""All four (using, among) pairs, image to image first."""
