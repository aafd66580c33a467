"""Encoders as the rest of the house sees them: NumPy arrays in, NumPy vectors out."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.errors import MissingModalityError
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.encoders.inference.precision import Forward, PrecisionCheck
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ImageEncoder:
    """Images to vectors."""

    config: ModelConfig
    fingerprint: str
    """Ties this encoder to what it embedded; both encoders of a pair share it."""
    forward: Forward
    """Prepared images to (B, d)."""
    batch_size: int = 64
    """Images that go through the network together."""
    device: torch.device = torch.device("cpu")  # noqa: RUF009 (it is immutable)
    """Where the network runs."""
    precision: str = "fp32"
    """Of the matrices of the blocks."""
    precision_check: PrecisionCheck | None = None
    """Compares a lower precision with fp32 once."""
    modality: ClassVar[Modality] = Modality.IMAGE

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return self.config.dim

    def embed(self, flux: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> Vectors:
        """(B, d) float32 unit rows.

        Parameters
        ----------
        flux : (B, 3, ny, nx)
            Nanomaggies per 0.262 arcsec pixel, bands g, r, z.
        mask : (B, 3, ny, nx) bool, optional
            True = no measurement.

        Raises
        ------
        InvalidCutoutError
            For other shapes and for pixels that the preparation refuses, naming the row.
        """
        return unit_rows(
            self._vectors(np.asarray(flux), None if mask is None else np.asarray(mask))
        )

    def _vectors(
        self, flux: npt.NDArray[np.floating], mask: npt.NDArray[np.bool_] | None
    ) -> Vectors:
        inputs = prepare_images(flux, mask, self.config)
        return network_outputs(self, inputs)


@dataclass(frozen=True, eq=False)
class SpectrumEncoder:
    """Spectra to vectors."""

    config: ModelConfig
    fingerprint: str
    """Ties this encoder to what it embedded; both encoders of a pair share it."""
    forward: Forward
    """Prepared spectra to (B, d)."""
    batch_size: int = 64
    """Spectra that go through the network together."""
    device: torch.device = torch.device("cpu")  # noqa: RUF009 (it is immutable)
    """Where the network runs."""
    precision: str = "fp32"
    """Of the matrices of the blocks."""
    precision_check: PrecisionCheck | None = None
    """Compares a lower precision with fp32 once."""
    modality: ClassVar[Modality] = Modality.SPECTRUM

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return self.config.dim

    def embed(
        self,
        flux: npt.ArrayLike,
        ivar: npt.ArrayLike | None = None,
        mask: npt.ArrayLike | None = None,
        *,
        calibrated: bool = True,
    ) -> Vectors:
        """(B, d) float32 unit rows.

        Parameters
        ----------
        flux : (B, pixels)
            1e-17 erg / (s cm2 Angstrom) on the DESI grid.
        ivar, mask : (B, pixels), optional
            Inverse variance; True = no measurement.
        calibrated
            False: the flux is in an unknown unit, or its level was taken away.

        Raises
        ------
        InvalidSpectrumError
            For other shapes and for pixels that the preparation refuses, naming the row.
        ConfigError
            Where the encoder takes calibrated spectra only (AstroCLIP's).
        """
        return unit_rows(self._vectors(flux, ivar, mask, calibrated=calibrated))

    def _vectors(
        self,
        flux: npt.ArrayLike,
        ivar: npt.ArrayLike | None,
        mask: npt.ArrayLike | None,
        *,
        calibrated: bool = True,
    ) -> Vectors:
        inputs = prepare_spectra(flux, ivar, mask, self.config, calibrated=calibrated)
        return network_outputs(self, inputs)


@dataclass(frozen=True, eq=False)
class EncoderPair:
    """The encoders of one model.

    `pair.image` and `pair.spectrum` raise `MissingModalityError` where a checkpoint holds only
    the other one.
    """

    config: ModelConfig
    fingerprint: str
    image_encoder: ImageEncoder | None
    spectrum_encoder: SpectrumEncoder | None

    @property
    def name(self) -> str:
        """What people call the model."""
        return self.config.name

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return self.config.dim

    @property
    def image(self) -> ImageEncoder:
        """Images to vectors."""
        if self.image_encoder is None:
            raise MissingModalityError(f"encoder {self.name!r} embeds spectra only, not images.")
        return self.image_encoder

    @property
    def spectrum(self) -> SpectrumEncoder:
        """Spectra to vectors."""
        if self.spectrum_encoder is None:
            raise MissingModalityError(f"encoder {self.name!r} embeds images only, not spectra.")
        return self.spectrum_encoder


def network_outputs(encoder: ImageEncoder | SpectrumEncoder, inputs: Tensor) -> Vectors:
    """(B, d): the network over parts of a batch that is prepared already; not normalised."""
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
