"""The two modalities of a galaxy, image and spectrum, and the directions of a query."""

from enum import StrEnum
from typing import TypeAlias


class Modality(StrEnum):
    """A kind of data on a galaxy.

    A query names two of them: `using`, the modality of the query galaxy, and `among`, the
    modality that is searched.
    """

    IMAGE = "image"
    SPECTRUM = "spectrum"


class Both(StrEnum):
    """Both modalities of a galaxy together, which a query may use or search."""

    BOTH = "both"


QueryModality: TypeAlias = Modality | Both
"""One modality, or both together."""


def modalities_of(value: QueryModality) -> tuple[Modality, ...]:
    """The modalities that a query uses or searches.

    Examples
    --------
    >>> modalities_of(Both.BOTH)
    (<Modality.IMAGE: 'image'>, <Modality.SPECTRUM: 'spectrum'>)
    """
    return (value,) if isinstance(value, Modality) else tuple(Modality)


DIRECTIONS: tuple[tuple[Modality, Modality], ...] = tuple(
    (using, among) for using in Modality for among in Modality
)
"""All four pairs of a query modality and a searched modality, starting with image to image."""
