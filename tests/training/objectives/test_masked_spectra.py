"""Masked modelling: hidden pixels cannot be read, and unmeasured ones do not count."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from galsearch.encoders.encoder_config import ModelConfig, SpectrumConfig
from galsearch.encoders.preprocess.prepare import prepare_spectra
from tests.reference.masked_modelling import masked_modelling_loss
from training.augment.spectrum_augmentation import spectrum_pixels, with_spectrum_pixels
from training.objectives.masked_spectra import (
    HiddenSlices,
    HiddenWavelengths,
    MaskedSpectra,
    masked_loss,
    objective_for,
)
from training.objectives.span_masking import hidden_tokens, hide_tokens

OURS = SpectrumConfig()

SLICED = SpectrumConfig(
    n_log_pixels=0,
    slice_length=20,
    slice_step=10,
    n_channels=1,
    n_summary=2,
    max_tokens=800,
    stem_widths=(),
    width=16,
)


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def prepared(n: int, section: SpectrumConfig, preparation: str = "galsearch") -> Tensor:
    """Noise with absorption, a gap and pixels of all qualities."""
    generator = seeded(4)
    flux = 3 + torch.randn(n, 7781, generator=generator)
    ivar = torch.rand(n, 7781, generator=generator)
    ivar[:, 3000:3100] = 0
    model = ModelConfig("any", preparation, spectrum=section)
    return prepare_spectra(flux.numpy(), ivar.numpy(), None, model)


def test_pixels_of_a_prepared_spectrum_can_be_taken_out_and_put_back() -> None:
    spectra = prepared(2, OURS)
    pixels = spectrum_pixels(spectra, OURS)
    assert pixels.shape[:2] == (2, OURS.n_channels)
    assert torch.equal(with_spectrum_pixels(spectra, pixels, OURS), spectra)
    changed = with_spectrum_pixels(spectra, torch.zeros_like(pixels), OURS)
    assert not spectrum_pixels(changed, OURS).any()
    assert spectrum_pixels(spectra, OURS).any()


@given(st.integers(0, 2**31))
def test_what_is_hidden_cannot_be_read_from_what_is_shown(seed: int) -> None:
    """The inputs of a masked do not depend on what the hidden pixels were."""
    objective = HiddenWavelengths(OURS)
    spectra = prepared(2, OURS)
    masked = objective.mask(spectra, seeded(seed))
    measured = spectrum_pixels(spectra, OURS)[:, 1] > 0
    hidden = measured & (spectrum_pixels(masked.inputs, OURS)[:, 1] == 0)
    other = spectrum_pixels(spectra, OURS).clone()
    other[:, 0] = torch.where(hidden, torch.randn(hidden.shape, generator=seeded()), other[:, 0])
    again = objective.mask(with_spectrum_pixels(spectra, other, OURS), seeded(seed))
    assert torch.equal(again.inputs, masked.inputs)
    # What counts was hidden, was measured, and lies inside its stretch.
    asked = masked.weights > 0
    assert not (asked & ~hidden).any()
    assert not (asked & ~measured).any()
    assert 0.3 < float(hidden.sum() / measured.sum()) < 0.5


def test_the_flux_of_a_pixel_is_what_was_prepared() -> None:
    """Whatever the layout: 0 without a measurement, and weights from 0 to 1."""
    flux, weight = spectrum_pixels(prepared(2, OURS), OURS).unbind(1)
    assert flux.shape == weight.shape
    assert 0 <= float(weight.min()) <= float(weight.max()) <= 1
    assert not flux[weight == 0].any()
    assert 0.1 < float(flux[weight > 0].std()) < 2


def test_the_share_is_hidden_in_whole_stretches() -> None:
    spectra = with_spectrum_pixels(
        prepared(3, OURS), torch.ones_like(spectrum_pixels(prepared(3, OURS), OURS)), OURS
    )
    masked = HiddenWavelengths(OURS, n_stretches=5, share=0.3).mask(spectra, seeded())
    hidden = spectrum_pixels(masked.inputs, OURS)[:, 1] == 0
    n_pixels = hidden.shape[1]
    width = round(0.3 * n_pixels / 5)
    assert hidden.sum(1).tolist() == [5 * width] * 3
    begins = (hidden[:, 1:] & ~hidden[:, :-1]).sum(1) + hidden[:, 0]
    assert begins.tolist() == [5] * 3
    assert (masked.weights > 0).sum(1).tolist() == [5 * (width - 4)] * 3


def test_an_answer_is_weighted_by_inverse_variance() -> None:
    spectra = prepared(2, OURS)
    objective = HiddenWavelengths(OURS)
    masked = objective.mask(spectra, seeded())
    flux, weight = spectrum_pixels(spectra, OURS).unbind(1)
    made = torch.randn(spectra.shape, generator=seeded(2))
    asked = masked.weights > 0
    answer = spectrum_pixels(made, OURS)[:, 0]
    slow = []
    for row in range(2):
        total, weights = 0.0, 0.0
        for pixel in torch.nonzero(asked[row])[:, 0].tolist():
            error = answer[row, pixel] - flux[row, pixel]
            total += float(weight[row, pixel] * error**2)
            weights += float(weight[row, pixel])
        slow.append(total / weights)
    found = masked_loss(objective.compared_values(made), masked)
    assert float(found) == pytest.approx(sum(slow) / 2, rel=1e-4)


def test_the_right_answer_costs_nothing_and_an_empty_spectrum_neither() -> None:
    spectra = prepared(2, OURS)
    spectra[1] = 0
    masked = HiddenWavelengths(OURS).mask(spectra, seeded())
    assert float(masked_loss(masked.target, masked)) == 0
    wrong = masked_loss(masked.target + 1, masked)
    assert float(wrong) == pytest.approx(0.5, rel=1e-5)


def test_equal_parts_of_a_batch_average_to_the_batch() -> None:
    masked = HiddenWavelengths(OURS).mask(prepared(4, OURS), seeded())
    answer = torch.randn(masked.target.shape, generator=seeded(3))
    whole = masked_loss(answer, masked)
    halves = [
        masked_loss(
            answer[half],
            MaskedSpectra(masked.inputs[half], masked.target[half], masked.weights[half]),
        )
        for half in (slice(0, 2), slice(2, 4))
    ]
    torch.testing.assert_close(torch.stack(halves).mean(), whole)


def test_with_the_published_faults_it_is_the_published_loss(
    recorded: Callable[[str], dict[str, Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    record, tokens = recorded("masked_modelling"), recorded("spectrum_out")["tokens"]
    import training.objectives.masked_spectra as module

    monkeypatch.setattr(module, "draw_chunk_starts", lambda *_, **__: record["mask_starts"])
    objective = HiddenSlices(SLICED, published=True)
    masked = objective.mask(tokens, seeded())
    assert torch.equal(masked.inputs, record["masked_tokens"])
    for i, expected in enumerate(record["loss_per_sample"]):
        if torch.isnan(expected):
            continue
        row = slice(i, i + 1)
        one = MaskedSpectra(masked.inputs[row], masked.target[row], masked.weights[row])
        found = masked_loss(objective.compared_values(record["reconstructions"][row]), one)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=2e-5)


def test_the_published_objective_leaks_and_ours_does_not() -> None:
    tokens = prepared(2, SLICED, "released")
    starts = torch.tensor([[0, 130, 260, 390, 520, 650]] * 2)
    hidden = hidden_tokens(starts, tokens.shape[1])
    # Slices 128 and 129 (tokens 129, 130): the end of one is the beginning of the next.
    leaking = HiddenSlices(SLICED, published=True).mask(tokens, seeded())
    clean = HiddenSlices(SLICED).mask(tokens, seeded())
    assert leaks(leaking, tokens) > 0
    assert leaks(clean, tokens) == 0
    # The summary is shown, and not asked for.
    assert torch.equal(clean.inputs[:, 0], tokens[:, 0])
    assert not clean.weights[:, 0].any()
    # Zeros that lead a slice never count.
    assert not clean.weights[:, 1:, : SLICED.n_summary].any()
    expected = masked_modelling_loss(tokens + 1, tokens, hide_tokens(tokens, hidden))
    assert float(expected) == pytest.approx(1, rel=1e-5)


def leaks(masked: MaskedSpectra, tokens: Tensor) -> int:
    """Pixels that are asked for and shown in another slice."""
    asked, shown = set(), set()
    counts, inputs = masked.weights[0] > 0, masked.inputs[0]
    for token in range(1, tokens.shape[1]):
        for place in range(SLICED.slice_length):
            feature = SLICED.n_summary + place
            pixel = (token - 1) * SLICED.slice_step + place
            if counts[token, feature]:
                asked.add(pixel)
            elif inputs[token, feature] != 0:
                shown.add(pixel)
    return len(asked & shown)


def test_each_preparation_has_its_objective() -> None:
    options = {"n_stretches": 4, "share": 0.2, "published": True}
    ours = objective_for(ModelConfig("a", "galsearch", spectrum=OURS), **options)
    assert ours == HiddenWavelengths(OURS, 4, 0.2)
    theirs = objective_for(ModelConfig("a", "released", spectrum=SLICED), **options)
    assert theirs == HiddenSlices(SLICED, published=True)
