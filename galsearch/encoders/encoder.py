"""Encoders that turn NumPy arrays of images and spectra into NumPy arrays of unit vectors."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.arrays import Float32Array, Vectors
from galsearch.core.errors import MissingModalityError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.encoders.inference.precision import Forward, PrecisionCheck
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra


@dataclass(frozen=True, eq=False)
class _Encoder:
    """The parts that the encoders of both modalities share."""

    config: ModelConfig
    fingerprint: Fingerprint
    """Identifies the model that made an embedding; both encoders of a pair share it."""
    forward: Forward
    """The network: prepared inputs to (B, d)."""
    batch_size: int = 64
    """Galaxies that go through the network together."""
    device: torch.device = torch.device("cpu")  # noqa: RUF009 (it is immutable)
    """Device on which the network runs."""
    precision: str = "fp32"
    """Numerical precision of the matrix products in the transformer blocks."""
    precision_check: PrecisionCheck | None = None
    """Compares the first batch of a lower precision with fp32; None in fp32."""

    @property
    def dim(self) -> int:
        """Number of dimensions of an embedding."""
        return self.config.dim


@dataclass(frozen=True, eq=False)
class ImageEncoder(_Encoder):
    """Encoder of g, r, z images."""

    modality: ClassVar[Modality] = Modality.IMAGE

    def embed(self, flux: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> Vectors:
        """(B, d) float32 embeddings of unit length.

        Parameters
        ----------
        flux : (B, 3, ny, nx)
            Nanomaggies per 0.262 arcsec pixel, bands g, r, z.
        mask : (B, 3, ny, nx) bool, optional
            True = no measurement.

        Raises
        ------
        InvalidCutoutError
            For other shapes and for pixels that the preprocessing refuses, naming the row.
        """
        return unit_rows(network_outputs(self, prepare_images(flux, mask, self.config)))


@dataclass(frozen=True, eq=False)
class SpectrumEncoder(_Encoder):
    """Encoder of spectra on the DESI wavelength grid."""

    modality: ClassVar[Modality] = Modality.SPECTRUM

    def embed(
        self,
        flux: npt.ArrayLike,
        ivar: npt.ArrayLike | None = None,
        mask: npt.ArrayLike | None = None,
        *,
        calibrated: bool = True,
    ) -> Vectors:
        """(B, d) float32 embeddings of unit length.

        Parameters
        ----------
        flux : (B, pixels)
            1e-17 erg / (s cm2 Angstrom) on the DESI grid.
        ivar, mask : (B, pixels), optional
            Inverse variance; True = no measurement.
        calibrated
            False: the flux is in an unknown unit, or its continuum level was subtracted.

        Raises
        ------
        InvalidSpectrumError
            For other shapes and for pixels that the preprocessing refuses, naming the row.
        ConfigError
            Where the encoder takes calibrated spectra only (AstroCLIP's).
        """
        inputs = prepare_spectra(flux, ivar, mask, self.config, calibrated=calibrated)
        return unit_rows(network_outputs(self, inputs))


@dataclass(frozen=True, eq=False)
class EncoderPair:
    """The image encoder and the spectrum encoder of one model.

    `pair.image` and `pair.spectrum` raise `MissingModalityError` where a checkpoint holds only
    the other one.
    """

    config: ModelConfig
    fingerprint: Fingerprint
    image_encoder: ImageEncoder | None
    spectrum_encoder: SpectrumEncoder | None

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.config.name

    @property
    def dim(self) -> int:
        """Number of dimensions of an embedding."""
        return self.config.dim

    @property
    def image(self) -> ImageEncoder:
        """The image encoder."""
        if self.image_encoder is None:
            raise MissingModalityError(f"encoder {self.name!r} embeds spectra only, not images.")
        return self.image_encoder

    @property
    def spectrum(self) -> SpectrumEncoder:
        """The spectrum encoder."""
        if self.spectrum_encoder is None:
            raise MissingModalityError(f"encoder {self.name!r} embeds images only, not spectra.")
        return self.spectrum_encoder


def network_outputs(encoder: ImageEncoder | SpectrumEncoder, inputs: Tensor) -> Float32Array:
    """(B, d) outputs of the network for prepared inputs, before they are brought to unit length."""
    if not len(inputs):
        return np.zeros((0, encoder.dim), np.float32)
    with torch.inference_mode():
        inputs = inputs.to(encoder.device)
        vectors = torch.cat(
            [encoder.forward(part) for part in torch.split(inputs, encoder.batch_size)]
        )
        if encoder.precision_check is not None:
            encoder.precision_check.compare(inputs, vectors)
    return np.asarray(vectors.to("cpu", torch.float32).numpy())
