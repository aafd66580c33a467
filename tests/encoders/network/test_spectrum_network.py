"""The spectrum backbone: the redshift embedding enters the first token only."""

import pytest
import torch

from galsearch.core.errors import ConfigError
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, ModelConfig, SpectrumConfig
from galsearch.encoders.network.cross_modal_model import initialise
from galsearch.encoders.network.spectrum_network import ConvolutionalStem, SpectrumBackbone


def test_only_the_summary_token_receives_the_redshift_embedding() -> None:
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


def test_an_encoder_without_templates_has_no_redshift_log_odds() -> None:
    backbone = SpectrumBackbone(SpectrumConfig())
    with pytest.raises(ConfigError, match="has no templates"):
        backbone.redshift_log_odds(torch.zeros(1, 65, 132))


def test_training_and_inference_convolve_alike() -> None:
    torch.manual_seed(2)
    config = SpectrumConfig()
    stem = ConvolutionalStem(config)
    slices = torch.randn(2, 64, 2 * config.slice_length)
    with torch.no_grad():
        trained = stem.train().tokens(stem.features(slices))
        found = stem.eval().tokens(stem.features(slices))
    assert found.shape == (2, 64, config.width)
    torch.testing.assert_close(found, trained, atol=1e-5, rtol=1e-4)


def test_reconstructions_have_the_shape_of_the_slices() -> None:
    config = SpectrumConfig(n_templates=2, depth=1)
    slices = torch.randn(2, config.max_tokens, config.n_features)
    model = initialise(ModelConfig("templates", "galsearch", spectrum=config), seed=1)
    backbone = model.eval().spectrum_encoder.backbone
    assert isinstance(backbone, SpectrumBackbone)
    with torch.no_grad():
        made, log_odds = backbone.reconstruct_with_redshift(slices)
        assert torch.equal(made, backbone.reconstruct(slices))
    assert made.shape == slices.shape
    assert log_odds is not None
    assert log_odds.shape == (2, 2, backbone.templates.n_bins)
