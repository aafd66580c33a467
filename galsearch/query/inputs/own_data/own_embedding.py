"""Embeddings of images and spectra that a user gives, by the encoder of the index."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from galsearch.core.arrays import Vectors
from galsearch.core.errors import GalsearchError, QueryError
from galsearch.core.fingerprint import require_same_encoder
from galsearch.files.forks import ForkSafeLock
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.query.inputs.own_data.own_image import OwnImage
from galsearch.query.inputs.own_data.own_spectrum import OwnSpectrum

if TYPE_CHECKING:
    # Importing galsearch.embeddings loads Parquet, which would delay every query.
    from galsearch.embeddings.encoder_protocol import EncoderPairProtocol

DEFAULT_ENCODER = "galsearch-small"
EncoderInput: TypeAlias = str | Path | Any
"""Name of shipped weights, a file of weights, or a pair of encoders that is loaded already."""


class OwnEmbedder:
    """Embeds the user's images and spectra for one index; safe to share between threads.

    Encoders are loaded, and torch with them, at the first embedding, and kept.
    """

    def __init__(self, index: GalaxyIndex) -> None:
        self._index = index
        self._lock = ForkSafeLock()
        self._pairs: dict[str, EncoderPairProtocol] = {}

    def image(self, own: OwnImage, encoder: EncoderInput | None = None) -> Vectors:
        """(1, d) unit vector of an image.

        Raises
        ------
        EncoderMismatchError
            Where the encoder is not the one that the index was built with.
        MissingModalityError
            Where the encoder embeds spectra only.
        QueryError
            Where the encoder refuses the image.
        """
        pair = self._pair(encoder)
        self._require_encoder(pair.image.fingerprint, encoder)
        return embed_image(pair, own)

    def spectrum(self, own: OwnSpectrum, encoder: EncoderInput | None = None) -> Vectors:
        """(1, d) unit vector of a spectrum; errors as for `image`."""
        pair = self._pair(encoder)
        self._require_encoder(pair.spectrum.fingerprint, encoder)
        return embed_spectrum(pair, own)

    def _pair(self, encoder: EncoderInput | None) -> "EncoderPairProtocol":
        name = DEFAULT_ENCODER if encoder is None else encoder
        if not isinstance(name, (str, Path)):
            pair: EncoderPairProtocol = name
            return pair
        # Imported here: torch takes seconds to import, and few queries embed anything.
        from galsearch.embeddings.encoder_protocol import load_encoder_pair

        with self._lock:
            if str(name) not in self._pairs:
                self._pairs[str(name)] = load_encoder_pair(name)
            return self._pairs[str(name)]

    def _require_encoder(self, fingerprint: str, encoder: EncoderInput | None) -> None:
        manifest = self._index.manifest
        shown = DEFAULT_ENCODER if encoder is None else getattr(encoder, "name", encoder)
        require_same_encoder(
            {
                f"index '{manifest.recipe.name}'": manifest.fingerprint,
                f"encoder '{shown}'": fingerprint,
            }
        )


def embed_image(pair: "EncoderPairProtocol", own: OwnImage) -> Vectors:
    """(1, d) unit vector of an image by one encoder.

    Raises
    ------
    QueryError
        Where the encoder refuses the image.
    """
    cutout = own.cutout
    try:
        return pair.image.embed(cutout.flux[None], np.asarray(cutout.mask)[None])
    except GalsearchError as error:
        raise QueryError(f"{own.place} cannot be embedded: {error}") from error


def embed_spectrum(pair: "EncoderPairProtocol", own: OwnSpectrum) -> Vectors:
    """(1, d) unit vector of a spectrum by one encoder; errors as for `embed_image`."""
    spectrum = own.spectrum
    ivar = spectrum.ivar[None] if own.has_ivar else None
    arrays = (spectrum.flux[None], ivar, np.asarray(spectrum.mask)[None])
    try:
        if own.calibrated:
            return pair.spectrum.embed(*arrays)  # type: ignore[arg-type]
        return pair.spectrum.embed(*arrays, calibrated=False)  # type: ignore[call-arg,arg-type]
    except GalsearchError as error:
        raise QueryError(f"{own.place} cannot be embedded: {error}") from error
