"""Encoders that turn NumPy arrays of images and spectra into NumPy arrays of unit vectors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.arrays import Float32Array, Float64Array, Vectors
from galsearch.core.errors import ConfigError, MissingModalityError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.vectors import QualityBits, unit_rows
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.encoders.inference.compute_device import device_failures, device_name
from galsearch.encoders.inference.precision import Forward, PrecisionCheck
from galsearch.encoders.inference.staged_inputs import StagedInputs, fetch, stage
from galsearch.encoders.preprocess.assess_quality import (
    assess_catalogue,
    assess_images,
    assess_spectra,
)
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra

BATCH_TOLERANCE = 1e-5
"""Largest difference between two fp32 embeddings of one galaxy that were made in different batches.

It is a fraction of the largest component. The order in which a processor sums products depends on
the number of rows; on a processor with AVX-512 it was seen to change vectors by a tenth of this.
"""


@dataclass(frozen=True, eq=False)
class _Encoder:
    """Fields and properties that the image encoder and the spectrum encoder share."""

    config: ModelConfig
    fingerprint: Fingerprint
    """Fingerprint of the model, which both encoders of a pair share."""
    forward: Forward
    """Function that computes (B, d) embeddings from B prepared inputs, not normalised."""
    batch_size: int = 64
    """Number of galaxies that go through the network together."""
    device: torch.device = torch.device("cpu")  # noqa: RUF009 (it is immutable)
    """Device on which the network runs."""
    precision: str = "fp32"
    """Numerical precision of the matrix products in the transformer blocks."""
    precision_check: PrecisionCheck | None = None
    """Comparison of the first batch with fp32 at a lower precision; None in fp32."""

    @property
    def dim(self) -> int:
        """Number of dimensions of an embedding."""
        return self.config.dim

    @property
    def device_name(self) -> str:
        """Name of the device, `cpu` or `cuda` with the model of the GPU."""
        return device_name(self.device)

    def start(self, inputs: StagedInputs) -> Callable[[], Vectors]:
        """Begin to compute embeddings; the function that is returned waits for them.

        A GPU computes the embeddings of one batch while the next is begun.

        Parameters
        ----------
        inputs
            What the method `prepare` returned.

        Returns
        -------
        Callable
            Function that returns (B, d) float32 embeddings of unit length.
        """
        outputs = _start_network(self, inputs)
        return lambda: unit_rows(outputs())

    def catalogue_quality(
        self, spectype: npt.NDArray[np.object_], redshift: Float64Array
    ) -> QualityBits:
        """(n,) bits of `InputQuality` from the class and the redshift in a catalogue.

        Parameters
        ----------
        spectype : (n,) str
            Class from the fit of the redshift, such as 'GALAXY', 'QSO' or 'STAR'; None where
            unknown.
        redshift : (n,)
            Redshifts, NaN where unknown.
        """
        return assess_catalogue(spectype, redshift, self.config)


@dataclass(frozen=True, eq=False)
class RedshiftOdds:
    """Probabilities of redshifts, in bins of equal width in ln(1 + z)."""

    z: Float64Array
    """(bins,) redshifts of the middles of the bins, ascending."""
    bin_width: float
    """Width of a bin in ln(1 + z)."""
    probability: Float64Array
    """(n, bins) probabilities, which sum to 1 for each spectrum."""


@dataclass(frozen=True, eq=False)
class ImageEncoder(_Encoder):
    """Encoder that computes embeddings of g, r, z images."""

    modality: ClassVar[Modality] = Modality.IMAGE

    def embed(self, flux: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> Vectors:
        """(B, d) float32 embeddings of images, each of unit length.

        Parameters
        ----------
        flux : (B, 3, ny, nx)
            Nanomaggies per 0.262 arcsec pixel, bands g, r, z.
        mask : (B, 3, ny, nx) bool, optional
            True where there is no measurement.

        Raises
        ------
        InvalidCutoutError
            Where the arrays have another shape, or the preprocessing refuses pixels; the
            message names the row.
        """
        return unit_rows(network_outputs(self, prepare_images(flux, mask, self.config)))

    def prepare(self, flux: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> StagedInputs:
        """Inputs of the network for images, for `start`; several threads may call this at once.

        The parameters and errors are those of `embed`.
        """
        return stage(prepare_images(flux, mask, self.config), self.device)

    def quality(self, flux: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> QualityBits:
        """(B,) bits of `InputQuality`: reasons to trust the embeddings of images less.

        Parameters
        ----------
        flux : (B, 3, ny, nx)
            Nanomaggies per 0.262 arcsec pixel, bands g, r, z.
        mask : (B, 3, ny, nx) bool, optional
            True where there is no measurement.
        """
        return assess_images(flux, mask, self.config)


@dataclass(frozen=True, eq=False)
class SpectrumEncoder(_Encoder):
    """Encoder that computes embeddings of spectra on the DESI wavelength grid."""

    modality: ClassVar[Modality] = Modality.SPECTRUM
    redshift_log_odds: Forward | None = None
    """Function that computes log odds (B, bins) of redshift bins from B prepared spectra; None
    where the encoder has no redshift templates."""
    redshift_bin_width: float = 0.0
    """Width of a redshift bin in ln(1 + z); the first bin begins at redshift 0."""

    def redshift_odds(
        self,
        flux: npt.ArrayLike,
        ivar: npt.ArrayLike | None = None,
        mask: npt.ArrayLike | None = None,
        *,
        calibrated: bool = True,
    ) -> "RedshiftOdds":
        """The probabilities of redshifts that the templates of the encoder give for spectra.

        The parameters are those of `embed`.

        Raises
        ------
        InvalidSpectrumError
            Where the arrays have another shape, or the preprocessing refuses pixels; the
            message names the row.
        ConfigError
            Where the encoder has no templates.
        """
        log_odds = self.require_templates()
        inputs = prepare_spectra(flux, ivar, mask, self.config, calibrated=calibrated)
        with torch.inference_mode():
            parts = [
                log_odds(part.to(self.device)).double().softmax(dim=1).cpu().numpy()
                for part in torch.split(inputs, self.batch_size)
            ]
        probability = np.concatenate(parts)
        middle = (np.arange(probability.shape[1]) + 0.5) * self.redshift_bin_width
        return RedshiftOdds(np.expm1(middle), self.redshift_bin_width, probability)

    def require_templates(self) -> Forward:
        """The function that computes log odds of redshift bins; ConfigError where there is none."""
        if self.redshift_log_odds is None:
            raise ConfigError(f"encoder {self.config.name!r} has no redshift templates.")
        return self.redshift_log_odds

    def embed(
        self,
        flux: npt.ArrayLike,
        ivar: npt.ArrayLike | None = None,
        mask: npt.ArrayLike | None = None,
        *,
        calibrated: bool = True,
    ) -> Vectors:
        """(B, d) float32 embeddings of spectra, each of unit length.

        Parameters
        ----------
        flux : (B, pixels)
            1e-17 erg / (s cm2 Angstrom) on the DESI grid.
        ivar : (B, pixels), optional
            Inverse variance of the flux.
        mask : (B, pixels) bool, optional
            True where there is no measurement.
        calibrated
            False where the flux is in an unknown unit, or its continuum level was subtracted.

        Raises
        ------
        InvalidSpectrumError
            Where the arrays have another shape, or the preprocessing refuses pixels; the
            message names the row.
        ConfigError
            Where `calibrated` is False and the encoder (AstroCLIP's) takes calibrated spectra only.
        """
        inputs = prepare_spectra(flux, ivar, mask, self.config, calibrated=calibrated)
        return unit_rows(network_outputs(self, inputs))

    def prepare(
        self,
        flux: npt.ArrayLike,
        ivar: npt.ArrayLike | None = None,
        mask: npt.ArrayLike | None = None,
    ) -> StagedInputs:
        """Inputs of the network for spectra, for `start`; several threads may call this at once.

        The parameters and errors are those of `embed`.
        """
        return stage(prepare_spectra(flux, ivar, mask, self.config), self.device)

    def quality(
        self,
        flux: npt.ArrayLike,
        ivar: npt.ArrayLike | None = None,
        mask: npt.ArrayLike | None = None,
    ) -> QualityBits:
        """(B,) bits of `InputQuality`: reasons to trust the embeddings of spectra less.

        Parameters
        ----------
        flux : (B, pixels)
            1e-17 erg / (s cm2 Angstrom) on the DESI grid.
        ivar : (B, pixels), optional
            Inverse variance of the flux.
        mask : (B, pixels) bool, optional
            True where there is no measurement.
        """
        return assess_spectra(flux, ivar, mask, self.config)


@dataclass(frozen=True, eq=False)
class EncoderPair:
    """The image encoder and the spectrum encoder of one model.

    `pair.image` and `pair.spectrum` raise `MissingModalityError` where a model has
    only the other encoder.
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
        """The image encoder of the model; `MissingModalityError` where it has none."""
        if self.image_encoder is None:
            raise MissingModalityError(f"encoder {self.name!r} embeds spectra only, not images.")
        return self.image_encoder

    @property
    def spectrum(self) -> SpectrumEncoder:
        """The spectrum encoder of the model; `MissingModalityError` where it has none."""
        if self.spectrum_encoder is None:
            raise MissingModalityError(f"encoder {self.name!r} embeds images only, not spectra.")
        return self.spectrum_encoder


def network_outputs(encoder: ImageEncoder | SpectrumEncoder, inputs: Tensor) -> Float32Array:
    """(B, d) outputs of the network for prepared inputs, before normalisation to unit length."""
    return _start_network(encoder, stage(inputs, encoder.device))()


def _start_network(encoder: _Encoder, staged: StagedInputs) -> Callable[[], Float32Array]:
    """Begin to compute the outputs of a network; the function that is returned waits for them."""
    if not len(staged):
        return lambda: np.zeros((0, encoder.dim), np.float32)
    with device_failures(encoder.device), torch.inference_mode():
        inputs = staged.wait()
        vectors = torch.cat(
            [encoder.forward(part) for part in torch.split(inputs, encoder.batch_size)]
        )
        if encoder.precision_check is not None:
            encoder.precision_check.compare(inputs, vectors)
        return fetch(vectors)
