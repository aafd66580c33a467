"""The bank of templates: correlation at every redshift, and the embedding of the result."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.encoders.encoder_config import SpectrumConfig
from galsearch.encoders.network.redshift_templates import (
    LARGEST_REDSHIFT,
    TemplateBank,
    redshift_bin_width,
)

CONFIG = SpectrumConfig(n_templates=3)
N_CHANNELS, STRIDE = 5, 64
"""A coarse grid of 64 positions, so that the slow version does not take long."""


def bank() -> TemplateBank:
    torch.manual_seed(3)
    made = TemplateBank(CONFIG, N_CHANNELS, STRIDE).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter)
    return made.requires_grad_(requires_grad=False)


def slow_log_odds(made: TemplateBank, features: torch.Tensor) -> torch.Tensor:
    """Log log_odds of every template at every redshift by plain sums."""
    observed = made.features(features.transpose(1, 2)).transpose(1, 2)
    observed = observed - observed.mean(dim=2, keepdim=True)
    n_positions = features.shape[2]
    log_odds = torch.empty(len(features), CONFIG.n_templates, made.n_bins)
    for shift in range(made.n_bins):
        # At a higher redshift the window on the templates starts further to the blue.
        start = made.n_bins - 1 - shift
        window = made.templates[:, :, start : start + n_positions]
        log_odds[:, :, shift] = (observed[:, None] * window).sum(dim=(2, 3)) + made.bias[:, shift]
    return log_odds


def test_log_odds_are_those_of_a_plain_loop() -> None:
    made = bank()
    features = torch.randn(4, N_CHANNELS, CONFIG.n_log_pixels // STRIDE)
    torch.testing.assert_close(made(features), slow_log_odds(made, features), atol=2e-4, rtol=1e-4)


def test_training_and_inference_agree() -> None:
    made = bank()
    features = torch.randn(4, N_CHANNELS, CONFIG.n_log_pixels // STRIDE)
    embedding = made(features)
    torch.testing.assert_close(made.train()(features), embedding, atol=2e-4, rtol=1e-4)


@settings(max_examples=20, deadline=None)
@given(shift=st.integers(1, 20))
def test_a_redshifted_spectrum_shifts_its_log_odds(shift: int) -> None:
    made = bank()
    made.bias.zero_()
    made.features.bias.zero_()
    features = torch.randn(1, N_CHANNELS, CONFIG.n_log_pixels // STRIDE)
    features[:, :, -shift:] = 0.0  # so that no flux is shifted beyond the red end
    features[:, :, :-shift] -= features[:, :, :-shift].mean(dim=2, keepdim=True)
    log_odds, shifted = made(features), made(features.roll(shift, dims=2))
    torch.testing.assert_close(shifted[..., shift:], log_odds[..., :-shift], atol=2e-3, rtol=1e-4)


def test_bins_reach_the_largest_redshift_in_steps_of_the_grid() -> None:
    made = bank()
    assert made.bin_width == pytest.approx(redshift_bin_width(CONFIG, STRIDE))
    assert made.n_bins * made.bin_width >= math.log1p(LARGEST_REDSHIFT)
    assert (made.n_bins - 1) * made.bin_width < math.log1p(LARGEST_REDSHIFT)


def test_a_precise_redshift_is_encoded_precisely_and_an_unknown_one_not() -> None:
    made = bank()
    made.told.bias.zero_()
    made.told.weight[:, -CONFIG.n_templates :] = 0
    none = torch.zeros(1, CONFIG.n_templates, made.n_bins)
    one, next_one = none.clone(), none.clone()
    one[0, 0, 40], next_one[0, 0, 41] = 1e3, 1e3
    embeddings = [made.redshift_embedding(log_odds) for log_odds in (one, next_one, none)]
    assert embeddings[0].norm() > 3 * embeddings[2].norm()
    assert (embeddings[0] - embeddings[1]).norm() > 0.1 * embeddings[0].norm()
