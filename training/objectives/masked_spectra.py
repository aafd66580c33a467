"""Masked modelling of spectra: the choice of the hidden parts, and the loss of their
reconstruction.

A masking objective hides parts of prepared spectra and gives a weight to each value of the
reconstruction. In the preparation `galsearch` flux and weight of whole stretches of wavelength are
hidden, so that neighbouring tokens do not reveal them; errors are weighted by inverse variance. In
the preparation `released` the objective is SpecFormer's, over overlapping slices. The faults of the
published objective (neighbouring slices show half of a hidden one; the summary may be hidden and
scored) are used only on request.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from galsearch.encoders.encoder_config import ModelConfig, SpectrumConfig
from training.augment.spectrum_augmentation import spectrum_pixels, with_spectrum_pixels
from training.objectives.span_masking import draw_chunk_starts, hidden_tokens, hide_tokens


@dataclass(frozen=True, eq=False)
class MaskedSpectra:
    """Spectra with hidden parts, and the true values that a reconstruction is compared with."""

    inputs: Tensor
    """Input of the model, in the shape of `prepare_spectra`."""
    target: Tensor
    """True values, in the shape of the objective's `compared_values`."""
    weights: Tensor
    """Weight of each value: 0 where it was not hidden or not measured."""

    def to(self, device: torch.device) -> "MaskedSpectra":
        """A copy of the masked spectra, their true values and weights on a device."""
        return MaskedSpectra(
            self.inputs.to(device), self.target.to(device), self.weights.to(device)
        )


class MaskingObjective(Protocol):
    """A rule for hiding random parts of spectra, and for comparing a reconstruction with the true
    values.
    """

    def mask(self, prepared: Tensor, generator: torch.Generator) -> MaskedSpectra:
        """Prepared spectra (B, tokens, features) with random parts hidden, and the true values."""
        ...

    def compared_values(self, reconstruction: Tensor) -> Tensor:
        """The part of the output of `SpectrumBackbone.reconstruct` that is compared with the true
        values, in the shape of `MaskedSpectra.target`.
        """
        ...


@dataclass(frozen=True)
class HiddenWavelengths:
    """Masking objective for the preparation `galsearch`: stretches of wavelength are hidden."""

    config: SpectrumConfig
    """Layout of the prepared spectra."""
    n_stretches: int = 6
    """Number of stretches of equal length that are hidden in each spectrum."""
    share: float = 0.4
    """Share of the pixels of a spectrum that is hidden."""
    margin_pixels: int = 2
    """Pixels at both ends of a stretch that are hidden but not scored: resampling correlates
    neighbouring pixels."""

    def mask(self, prepared: Tensor, generator: torch.Generator) -> MaskedSpectra:
        """Prepared spectra in which flux and weight of random stretches of wavelength are 0, as
        where nothing was measured, with the true flux and its weights.
        """
        pixels = spectrum_pixels(prepared, self.config)
        n_pixels = pixels.shape[2]
        width = round(self.share * n_pixels / self.n_stretches)
        starts = draw_chunk_starts(
            len(prepared),
            n_pixels,
            n_chunks=self.n_stretches,
            width=width,
            generator=generator,
        ).to(prepared.device)
        hidden = hidden_tokens(starts, n_pixels, width=width)
        inner = starts + self.margin_pixels
        scored = hidden_tokens(inner, n_pixels, width=max(1, width - 2 * self.margin_pixels))
        flux, weight = pixels.unbind(1)
        inputs = with_spectrum_pixels(
            prepared, pixels.masked_fill(hidden[:, None], 0.0), self.config
        )
        return MaskedSpectra(inputs, flux, weight * scored)

    def compared_values(self, reconstruction: Tensor) -> Tensor:
        """(B, pixels) reconstructed flux, the first channel of the reconstruction."""
        return spectrum_pixels(reconstruction, self.config)[:, 0]


@dataclass(frozen=True)
class HiddenSlices:
    """Masking objective of SpecFormer, for the preparation `released`: random chunks of consecutive
    slices are hidden.
    """

    config: SpectrumConfig
    """Layout of the prepared spectra."""
    n_chunks: int = 6
    """Number of chunks of consecutive slices that are hidden."""
    width: int = 50
    """Number of slices in a chunk."""
    published: bool = False
    """True to repeat the faults of the published code: slices that overlap a hidden chunk show ten
    of its pixels at either end, and the summary token (mean, deviation) may be hidden and then
    counts in the loss.
    """

    def mask(self, prepared: Tensor, generator: torch.Generator) -> MaskedSpectra:
        """Prepared spectra in which the tokens of random chunks are 0, with the true tokens and
        weights; true values that are 0 get weight 0.
        """
        n_tokens = prepared.shape[1]
        starts = draw_chunk_starts(
            len(prepared), n_tokens, n_chunks=self.n_chunks, width=self.width, generator=generator
        ).to(prepared.device)
        hidden = hidden_tokens(starts, n_tokens, width=self.width)
        if self.published:
            inputs = hide_tokens(prepared, hidden)
        else:
            hidden[:, 0] = False
            inputs = prepared.masked_fill(self._overlapping_features(hidden), 0.0)
        return MaskedSpectra(inputs, prepared, (inputs != prepared).to(prepared.dtype))

    def compared_values(self, reconstruction: Tensor) -> Tensor:
        """(B, N, features) reconstruction of all tokens, unchanged, because all of them are
        compared.
        """
        return reconstruction

    def _overlapping_features(self, hidden: Tensor) -> Tensor:
        """(B, N, features) bool, True for every token value that shows a pixel of a hidden slice.
        Slices overlap, so these values lie in neighbouring slices too.
        """
        section = self.config
        n_slices = hidden.shape[1] - 1
        first = torch.arange(n_slices, device=hidden.device) * section.slice_step
        pixel = first[:, None] + torch.arange(section.slice_length, device=hidden.device)
        n_pixels = int(pixel[-1, -1]) + 1
        covered = torch.zeros(len(hidden), n_pixels, dtype=torch.int64, device=hidden.device)
        per_slice = hidden[:, 1:, None].expand(-1, -1, section.slice_length)
        flat = pixel.flatten().expand(len(hidden), -1)
        covered.scatter_add_(1, flat, per_slice.flatten(1).to(torch.int64))
        features = torch.zeros(
            *hidden.shape, section.n_features, dtype=torch.bool, device=hidden.device
        )
        features[:, 1:, section.n_summary :] = (covered > 0)[:, pixel].expand(
            -1, -1, section.slice_length
        )
        return features


def objective_for(
    model: ModelConfig, *, n_stretches: int, share: float, published: bool
) -> MaskingObjective:
    """The masking objective that fits the spectrum preparation of a model.

    Parameters
    ----------
    model
        Config with a spectrum section.
    n_stretches, share
        Number of hidden stretches and share of hidden pixels, for the preparation `galsearch`.
    published
        True to repeat the faults of the published code, for the preparation `released`.
    """
    assert model.spectrum is not None  # noqa: S101 (checked by the stage)
    if model.preparation == "galsearch":
        return HiddenWavelengths(model.spectrum, n_stretches, share)
    return HiddenSlices(model.spectrum, published=published)


def masked_loss(reconstruction: Tensor, masked: MaskedSpectra) -> Tensor:
    """The weighted mean squared error of each spectrum, averaged over spectra.

    A spectrum whose weights are all 0 has the loss 0. The mean over equal parts of a batch is
    that of the batch, so processes and accumulated parts can each compute their own.
    """
    errors = masked.weights * (reconstruction - masked.target).square()
    total = masked.weights.flatten(1).sum(1)
    return (errors.flatten(1).sum(1) / total.clamp(min=1e-6)).mean()
