"""The bank of templates: a correlation at every redshift, and what is told of it."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import ConfigError
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, SpectrumConfig
from galsearch.encoders.network.cross_modal_model import initialise
from galsearch.encoders.network.redshift_templates import (
    LARGEST_REDSHIFT,
    TemplateBank,
    redshift_bin_width,
)
from galsearch.encoders.network.spectrum_network import SpectrumBackbone

CONFIG = SpectrumConfig(n_templates=3)
N_CHANNELS, STRIDE = 5, 64
"""Coarse, so that the slow twin is not too slow: 64 places."""


def bank() -> TemplateBank:
    torch.manual_seed(3)
    made = TemplateBank(CONFIG, N_CHANNELS, STRIDE).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter)
    return made.requires_grad_(requires_grad=False)


def slow_odds(made: TemplateBank, features: torch.Tensor) -> torch.Tensor:
    """Every template laid over the spectrum at every redshift, one sum at a time."""
    seen = made.features(features.transpose(1, 2)).transpose(1, 2)
    seen = seen - seen.mean(dim=2, keepdim=True)
    n_places = features.shape[2]
    odds = torch.empty(len(features), CONFIG.n_templates, made.n_bins)
    for shift in range(made.n_bins):
        start = made.n_bins - 1 - shift  # redder by `shift` bins: its blue end is further off
        under = made.templates[:, :, start : start + n_places]
        odds[:, :, shift] = (seen[:, None] * under).sum(dim=(2, 3)) + made.bias[:, shift]
    return odds


def test_odds_are_those_of_sums_one_by_one() -> None:
    made = bank()
    features = torch.randn(4, N_CHANNELS, CONFIG.n_log_pixels // STRIDE)
    torch.testing.assert_close(made(features), slow_odds(made, features), atol=2e-4, rtol=1e-4)


def test_training_and_embedding_agree() -> None:
    made = bank()
    features = torch.randn(4, N_CHANNELS, CONFIG.n_log_pixels // STRIDE)
    embedding = made(features)
    torch.testing.assert_close(made.train()(features), embedding, atol=2e-4, rtol=1e-4)


@settings(max_examples=20, deadline=None)
@given(shift=st.integers(1, 20))
def test_what_is_moved_to_the_red_moves_its_redshift(shift: int) -> None:
    made = bank()
    made.bias.zero_()
    made.features.bias.zero_()
    features = torch.randn(1, N_CHANNELS, CONFIG.n_log_pixels // STRIDE)
    features[:, :, -shift:] = 0.0  # nothing is lost at the red end
    features[:, :, :-shift] -= features[:, :, :-shift].mean(dim=2, keepdim=True)
    odds, moved = made(features), made(features.roll(shift, dims=2))
    torch.testing.assert_close(moved[..., shift:], odds[..., :-shift], atol=2e-3, rtol=1e-4)


def test_bins_reach_the_largest_redshift_in_steps_of_the_grid() -> None:
    made = bank()
    assert made.bin_width == pytest.approx(redshift_bin_width(CONFIG, STRIDE))
    assert made.n_bins * made.bin_width >= math.log1p(LARGEST_REDSHIFT)
    assert (made.n_bins - 1) * made.bin_width < math.log1p(LARGEST_REDSHIFT)


def test_one_likely_redshift_is_told_finely_and_no_likely_one_not_at_all() -> None:
    made = bank()
    made.told.bias.zero_()
    made.told.weight[:, -CONFIG.n_templates :] = 0
    none = torch.zeros(1, CONFIG.n_templates, made.n_bins)
    one, next_one = none.clone(), none.clone()
    one[0, 0, 40], next_one[0, 0, 41] = 1e3, 1e3
    told = [made.redshift_embedding(odds) for odds in (one, next_one, none)]
    assert told[0].norm() > 3 * told[2].norm()
    assert (told[0] - told[1]).norm() > 0.1 * told[0].norm()


def test_the_summary_token_alone_is_told_before_the_blocks() -> None:
    backbone = initialise(GALSEARCH_SMALL, seed=1).eval().spectrum_encoder.backbone
    assert isinstance(backbone, SpectrumBackbone)
    section = GALSEARCH_SMALL.spectrum
    assert section is not None
    slices = torch.randn(2, section.max_tokens, section.n_features)
    before = backbone.tokens(slices)
    backbone.templates.told.bias.data += 1.0
    changed = (backbone.tokens(slices) - before).abs().amax(dim=(0, 2)) > 1e-3
    assert changed.tolist() == [True, *[False] * (section.max_tokens - 1)]
    assert backbone.redshift_log_odds(slices).shape == (2, backbone.templates.n_bins)


def test_an_encoder_without_templates_says_so() -> None:
    backbone = SpectrumBackbone(SpectrumConfig())
    with pytest.raises(ConfigError, match="has no templates"):
        backbone.redshift_log_odds(torch.zeros(1, 65, 132))


def test_templates_need_a_stem_and_a_logarithmic_grid() -> None:
    with pytest.raises(ConfigError, match="n_templates = 4 needs a grid uniform in log wavelength"):
        SpectrumConfig(n_templates=4, stem_widths=())
