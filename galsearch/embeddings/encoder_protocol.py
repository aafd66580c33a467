"""What embeddings ask of an encoder: arrays in, unit vectors out. No torch in sight."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import MissingModalityError
from galsearch.core.modality import Modality

Vectors = npt.NDArray[np.float32]


class Tower(Protocol):
    """What embeds one modality: NumPy arrays in, (B, dim) float32 unit rows out."""

    @property
    def fingerprint(self) -> str:
        """Ties the encoder to its vectors."""

    @property
    def dim(self) -> int:
        """Numbers of a vector."""

    @property
    def precision(self) -> str:
        """Of its arithmetic, such as 'fp32'."""

    @property
    def embed(self) -> Callable[..., Vectors]:
        """Of images: flux and mask (B, 3, ny, nx); of spectra: flux, ivar, mask (B, pixels)."""


class Encoders(Protocol):
    """The towers of one model; one that it lacks raises `MissingModalityError`."""

    @property
    def name(self) -> str:
        """What people call the model."""

    @property
    def image(self) -> Tower:
        """Images to vectors."""

    @property
    def spectrum(self) -> Tower:
        """Spectra to vectors."""


def towers_of(encoders: Encoders) -> dict[Modality, Tower]:
    """The towers that the model has."""
    found: dict[Modality, Tower] = {}
    for modality in Modality:
        try:
            found[modality] = getattr(encoders, modality)
        except MissingModalityError:
            continue
    return found


def load_encoders(name_or_path: str | Path) -> Any:
    """The encoders of `galsearch.encoders.load`: by name, or from a file of weights."""
    # Imported here: torch takes seconds, and whoever brings an encoder has paid already.
    from galsearch.encoders import load

    return load(name_or_path)
