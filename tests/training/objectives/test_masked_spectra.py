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

CONFIG = SpectrumConfig()

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
    spectra = prepared(2, CONFIG)
    pixels = spectrum_pixels(spectra, CONFIG)
    assert pixels.shape[:2] == (2, CONFIG.n_channels)
    assert torch.equal(with_spectrum_pixels(spectra, pixels, CONFIG), spectra)
    changed = with_spectrum_pixels(spectra, torch.zeros_like(pixels), CONFIG)
    assert not spectrum_pixels(changed, CONFIG).any()
    assert spectrum_pixels(spectra, CONFIG).any()


@given(st.integers(0, 2**31))
def test_inputs_do_not_depend_on_hidden_pixels(seed: int) -> None:
    """Changes of the hidden pixels leave the inputs the same."""
    objective = HiddenWavelengths(CONFIG)
    spectra = prepared(2, CONFIG)
    masked = objective.mask(spectra, seeded(seed))
    measured = spectrum_pixels(spectra, CONFIG)[:, 1] > 0
    hidden = measured & (spectrum_pixels(masked.inputs, CONFIG)[:, 1] == 0)
    other = spectrum_pixels(spectra, CONFIG).clone()
    other[:, 0] = torch.where(hidden, torch.randn(hidden.shape, generator=seeded()), other[:, 0])
    again = objective.mask(with_spectrum_pixels(spectra, other, CONFIG), seeded(seed))
    assert torch.equal(again.inputs, masked.inputs)
    # Scored pixels are hidden, measured, and inside a stretch.
    scored = masked.weights > 0
    assert not (scored & ~hidden).any()
    assert not (scored & ~measured).any()
    assert 0.3 < float(hidden.sum() / measured.sum()) < 0.5


def test_the_flux_of_a_pixel_is_the_prepared_value() -> None:
    """In every layout the flux is 0 without a measurement, and weights are from 0 to 1."""
    flux, weight = spectrum_pixels(prepared(2, CONFIG), CONFIG).unbind(1)
    assert flux.shape == weight.shape
    assert 0 <= float(weight.min()) <= float(weight.max()) <= 1
    assert not flux[weight == 0].any()
    assert 0.1 < float(flux[weight > 0].std()) < 2


def test_the_share_is_hidden_in_whole_stretches() -> None:
    spectra = with_spectrum_pixels(
        prepared(3, CONFIG), torch.ones_like(spectrum_pixels(prepared(3, CONFIG), CONFIG)), CONFIG
    )
    masked = HiddenWavelengths(CONFIG, n_stretches=5, share=0.3).mask(spectra, seeded())
    hidden = spectrum_pixels(masked.inputs, CONFIG)[:, 1] == 0
    n_pixels = hidden.shape[1]
    width = round(0.3 * n_pixels / 5)
    assert hidden.sum(1).tolist() == [5 * width] * 3
    begins = (hidden[:, 1:] & ~hidden[:, :-1]).sum(1) + hidden[:, 0]
    assert begins.tolist() == [5] * 3
    assert (masked.weights > 0).sum(1).tolist() == [5 * (width - 4)] * 3


def test_the_loss_is_weighted_by_inverse_variance() -> None:
    spectra = prepared(2, CONFIG)
    objective = HiddenWavelengths(CONFIG)
    masked = objective.mask(spectra, seeded())
    flux, weight = spectrum_pixels(spectra, CONFIG).unbind(1)
    made = torch.randn(spectra.shape, generator=seeded(2))
    scored = masked.weights > 0
    reconstruction = spectrum_pixels(made, CONFIG)[:, 0]
    slow = []
    for row in range(2):
        total, weights = 0.0, 0.0
        for pixel in torch.nonzero(scored[row])[:, 0].tolist():
            error = reconstruction[row, pixel] - flux[row, pixel]
            total += float(weight[row, pixel] * error**2)
            weights += float(weight[row, pixel])
        slow.append(total / weights)
    found = masked_loss(objective.compared_values(made), masked)
    assert float(found) == pytest.approx(sum(slow) / 2, rel=1e-4)


def test_a_perfect_reconstruction_and_an_empty_spectrum_have_no_loss() -> None:
    spectra = prepared(2, CONFIG)
    spectra[1] = 0
    masked = HiddenWavelengths(CONFIG).mask(spectra, seeded())
    assert float(masked_loss(masked.target, masked)) == 0
    wrong = masked_loss(masked.target + 1, masked)
    assert float(wrong) == pytest.approx(0.5, rel=1e-5)


def test_equal_parts_of_a_batch_average_to_the_batch() -> None:
    masked = HiddenWavelengths(CONFIG).mask(prepared(4, CONFIG), seeded())
    reconstruction = torch.randn(masked.target.shape, generator=seeded(3))
    whole = masked_loss(reconstruction, masked)
    halves = [
        masked_loss(
            reconstruction[half],
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


def test_only_the_published_objective_shows_hidden_pixels() -> None:
    tokens = prepared(2, SLICED, "released")
    starts = torch.tensor([[0, 130, 260, 390, 520, 650]] * 2)
    hidden = hidden_tokens(starts, tokens.shape[1])
    # Slices 128 and 129 (tokens 129, 130): the end of one is the beginning of the next.
    leaking = HiddenSlices(SLICED, published=True).mask(tokens, seeded())
    clean = HiddenSlices(SLICED).mask(tokens, seeded())
    assert leaks(leaking, tokens) > 0
    assert leaks(clean, tokens) == 0
    # The summary is shown, and not scored.
    assert torch.equal(clean.inputs[:, 0], tokens[:, 0])
    assert not clean.weights[:, 0].any()
    # Zeros that lead a slice never count.
    assert not clean.weights[:, 1:, : SLICED.n_summary].any()
    expected = masked_modelling_loss(tokens + 1, tokens, hide_tokens(tokens, hidden))
    assert float(expected) == pytest.approx(1, rel=1e-5)


def leaks(masked: MaskedSpectra, tokens: Tensor) -> int:
    """Number of pixels that are scored and shown in another slice."""
    scored, shown = set(), set()
    counts, inputs = masked.weights[0] > 0, masked.inputs[0]
    for token in range(1, tokens.shape[1]):
        for place in range(SLICED.slice_length):
            feature = SLICED.n_summary + place
            pixel = (token - 1) * SLICED.slice_step + place
            if counts[token, feature]:
                scored.add(pixel)
            elif inputs[token, feature] != 0:
                shown.add(pixel)
    return len(scored & shown)


def test_each_preparation_has_its_objective() -> None:
    options = {"n_stretches": 4, "share": 0.2, "published": True}
    own = objective_for(ModelConfig("a", "galsearch", spectrum=CONFIG), **options)
    assert own == HiddenWavelengths(CONFIG, 4, 0.2)
    published = objective_for(ModelConfig("a", "released", spectrum=SLICED), **options)
    assert published == HiddenSlices(SLICED, published=True)
