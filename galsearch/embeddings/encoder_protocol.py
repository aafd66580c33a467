"""The interface of encoders that `embed_dataset` relies on, stated without importing torch.

The classes of `galsearch.encoders` implement it, and so may a user's own encoder.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, Vectors
from galsearch.core.errors import MissingModalityError
from galsearch.core.modality import Modality
from galsearch.core.vectors import QualityBits


class Encoder(Protocol):
    """Properties that encoders of both modalities have; the arguments of their `embed` differ."""

    @property
    def fingerprint(self) -> str:
        """Fingerprint that is stored with every embedding of this encoder."""
        ...

    @property
    def dim(self) -> int:
        """Number of dimensions of an embedding."""
        ...

    @property
    def precision(self) -> str:
        """Number format of the matrix products, such as 'fp32'."""
        ...


class ImageEncoderProtocol(Encoder, Protocol):
    """An encoder that computes embeddings of images."""

    def embed(self, flux: Float32Array, mask: BoolArray, /) -> Vectors:
        """(n, d) unit vectors, the embeddings of images.

        Parameters
        ----------
        flux : (n, 3, ny, nx) float32
            Nanomaggies per pixel of 0.262 arcsec, bands g, r, z; 0 where masked.
        mask : (n, 3, ny, nx) bool
            True where there is no measurement.
        """
        ...


class SpectrumEncoderProtocol(Encoder, Protocol):
    """An encoder that computes embeddings of spectra."""

    def embed(self, flux: Float32Array, ivar: Float32Array, mask: BoolArray, /) -> Vectors:
        """(n, d) unit vectors, the embeddings of spectra on the DESI wavelength grid.

        Parameters
        ----------
        flux, ivar : (n, 7781) float32
            Flux in 1e-17 erg / (s cm2 Angstrom) and its inverse variance; both 0 where masked.
        mask : (n, 7781) bool
            True where there is no measurement.
        """
        ...


@runtime_checkable
class AssessesQuality(Protocol):
    """An encoder that also says which of its embeddings to trust less, as those of galsearch do.

    An encoder need not do so; its embeddings are then stored without quality.
    """

    def quality(self, *pixels: Float32Array | BoolArray) -> QualityBits:
        """(n,) bits of `InputQuality` of the same arguments as those of `embed`."""
        ...

    def catalogue_quality(
        self, spectype: npt.NDArray[np.object_], redshift: Float64Array, /
    ) -> QualityBits:
        """(n,) bits of `InputQuality` from the class and the redshift in a catalogue."""
        ...


@runtime_checkable
class PreparesInputs(Protocol):
    """An encoder whose inputs are prepared by other threads, as those of galsearch.

    An encoder need not offer this; its method `embed` is then called by one thread.
    """

    batch_size: int
    """Number of galaxies that go through the network together."""

    @property
    def device_name(self) -> str:
        """Name of the device that computes, `cpu` or `cuda` with the model of the GPU."""
        ...

    def prepare(self, *pixels: Float32Array | BoolArray) -> Any:
        """Inputs of the network from the arguments of `embed`; several threads may call this."""
        ...

    def start(self, inputs: Any, /) -> Callable[[], Vectors]:
        """Begin to compute embeddings; the function that is returned waits for them."""
        ...


class EncoderPairProtocol(Protocol):
    """The image encoder and the spectrum encoder of one model.

    A model may lack one encoder; the property of that encoder then raises `MissingModalityError`.
    """

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def image(self) -> ImageEncoderProtocol:
        """The encoder of images."""
        ...

    @property
    def spectrum(self) -> SpectrumEncoderProtocol:
        """The encoder of spectra."""
        ...


def encoders_by_modality(pair: EncoderPairProtocol) -> dict[Modality, Encoder]:
    """The encoders of a pair by modality, without those that the model lacks."""
    found: dict[Modality, Encoder] = {}
    for modality in Modality:
        try:
            found[modality] = pair.image if modality is Modality.IMAGE else pair.spectrum
        except MissingModalityError:
            continue
    return found


def load_encoder_pair(name_or_path: str | Path, **options: Any) -> EncoderPairProtocol:
    """The encoder pair that `galsearch.encoders.load` returns for a name or a file of weights.

    `options` are the other arguments of that function.
    """
    # The encoders are imported inside the function because torch takes seconds to import, and
    # callers that pass an encoder of their own may not need it.
    from galsearch.encoders import load

    return load(name_or_path, **options)
