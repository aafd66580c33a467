"""Masked modelling of spectra: what is hidden, what is asked for, and what an answer weighs.

An objective hides stretches of prepared spectra and says which numbers of the reconstruction
count. For the preparation `galsearch` whole stretches of wavelength are hidden, flux and weight,
so that no neighbour tells what was there; what counts is weighted by inverse variance. For
`released` the objective is SpecFormer's over overlapping slices; its faults (neighbouring slices
show half of a hidden one, the summary may be hidden and be asked for) come only when asked for.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from galsearch.encoders.encoder_config import ModelConfig, SpectrumConfig
from training.augment.spectrum_augmentation import spectrum_pixels, with_spectrum_pixels
from training.objectives.span_masking import draw_chunk_starts, hidden_tokens, hide


@dataclass(frozen=True, eq=False)
class Question:
    """Spectra with parts hidden, and what a reconstruction is compared with."""

    inputs: Tensor
    """What the model sees, shaped as `prepare_spectra` gives it."""
    target: Tensor
    """The truth, shaped as the objective's `answer`."""
    weights: Tensor
    """What each number of it counts: 0 where it was not hidden or not measured."""

    def to(self, device: torch.device) -> "Question":
        """The same question on a device."""
        return Question(self.inputs.to(device), self.target.to(device), self.weights.to(device))


class Objective(Protocol):
    """A way of hiding parts of spectra."""

    def ask(self, prepared: Tensor, generator: torch.Generator) -> Question:
        """Hide parts of prepared spectra, by draws from the generator."""
        ...

    def answer(self, reconstruction: Tensor) -> Tensor:
        """The numbers of what `SpectrumBackbone.reconstruct` gave that the target speaks of."""
        ...


@dataclass(frozen=True)
class HiddenWavelengths:
    """The objective for the preparation `galsearch`."""

    config: SpectrumConfig
    n_stretches: int = 6
    share: float = 0.4
    """Of the pixels, hidden in stretches of equal length."""
    margin_pixels: int = 2
    """At both ends of a stretch that are hidden and not asked for: resampling correlates
    neighbouring pixels."""

    def ask(self, prepared: Tensor, generator: torch.Generator) -> Question:
        """Flux and weight of the stretches are 0, as where nothing was measured."""
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
        asked = hidden_tokens(inner, n_pixels, width=max(1, width - 2 * self.margin_pixels))
        flux, weight = pixels.unbind(1)
        covered = with_spectrum_pixels(
            prepared, pixels.masked_fill(hidden[:, None], 0.0), self.config
        )
        return Question(covered, flux, weight * asked)

    def answer(self, reconstruction: Tensor) -> Tensor:
        """(B, pixels): the first channel is the flux."""
        return spectrum_pixels(reconstruction, self.config)[:, 0]


@dataclass(frozen=True)
class HiddenSlices:
    """SpecFormer's objective, for the preparation `released`."""

    config: SpectrumConfig
    n_chunks: int = 6
    width: int = 50
    """Slices hidden in each chunk."""
    published: bool = False
    """With the published faults: overlapping neighbours show ten pixels at either end of a
    chunk, and the summary token (mean, deviation) may be hidden and then counts."""

    def ask(self, prepared: Tensor, generator: torch.Generator) -> Question:
        """Whole tokens of a chunk are 0; numbers that were 0 in truth do not count."""
        n_tokens = prepared.shape[1]
        starts = draw_chunk_starts(
            len(prepared), n_tokens, n_chunks=self.n_chunks, width=self.width, generator=generator
        ).to(prepared.device)
        hidden = hidden_tokens(starts, n_tokens, width=self.width)
        if self.published:
            inputs = hide(prepared, hidden)
        else:
            hidden[:, 0] = False
            inputs = prepared.masked_fill(self._features_over(hidden), 0.0)
        return Question(inputs, prepared, (inputs != prepared).to(prepared.dtype))

    def answer(self, reconstruction: Tensor) -> Tensor:
        """All tokens."""
        return reconstruction

    def _features_over(self, hidden: Tensor) -> Tensor:
        """(B, N, features): every number that shows a pixel of a hidden slice, in any slice."""
        section = self.config
        n_slices = hidden.shape[1] - 1
        first = torch.arange(n_slices, device=hidden.device) * section.slice_step
        place = first[:, None] + torch.arange(section.slice_length, device=hidden.device)
        n_pixels = int(place[-1, -1]) + 1
        covered = torch.zeros(len(hidden), n_pixels, dtype=torch.int64, device=hidden.device)
        per_slice = hidden[:, 1:, None].expand(-1, -1, section.slice_length)
        flat = place.flatten().expand(len(hidden), -1)
        covered.scatter_add_(1, flat, per_slice.flatten(1).to(torch.int64))
        features = torch.zeros(
            *hidden.shape, section.n_features, dtype=torch.bool, device=hidden.device
        )
        features[:, 1:, section.n_summary :] = (covered > 0)[:, place].expand(
            -1, -1, section.slice_length
        )
        return features


def objective_for(
    model: ModelConfig, *, n_stretches: int, share: float, published: bool
) -> Objective:
    """The objective that fits the preparation of a model."""
    assert model.spectrum is not None  # noqa: S101 (checked by the stage)
    if model.preparation == "galsearch":
        return HiddenWavelengths(model.spectrum, n_stretches, share)
    return HiddenSlices(model.spectrum, published=published)


def masked_loss(reconstruction: Tensor, question: Question) -> Tensor:
    """The weighted mean squared error of each spectrum, averaged over spectra.

    A spectrum of which nothing counts has the loss 0. Averages of equal parts of a batch are
    the average of the batch, so that processes and accumulated parts can compute theirs.
    """
    errors = question.weights * (reconstruction - question.target).square()
    total = question.weights.flatten(1).sum(1)
    return (errors.flatten(1).sum(1) / total.clamp(min=1e-6)).mean()
