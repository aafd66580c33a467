"""The pooling head adds the first token; untrained models are reproducible."""

import dataclasses

import pytest
import torch

from galsearch.core.errors import ConfigError
from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from galsearch.encoders.network.cross_modal_model import CrossModalModel, initialise
from tests.encoders.conftest import TINY


def test_the_projected_first_token_is_added_to_the_embedding() -> None:
    encoder = initialise(GALSEARCH_SMALL, seed=1).eval().spectrum_encoder
    head = GALSEARCH_SMALL.spectrum_head
    assert head is not None
    assert head.first_token
    without = dataclasses.replace(
        GALSEARCH_SMALL, spectrum_head=dataclasses.replace(head, first_token=False)
    )
    plain = initialise(without, seed=1).eval().spectrum_encoder
    weights = {k: v for k, v in encoder.state_dict().items() if not k.startswith("first_token")}
    plain.load_state_dict(weights)
    tokens = torch.randn(3, 65, 160)
    added = encoder.pool(tokens) - plain.pool(tokens)
    torch.testing.assert_close(added, encoder.first_token(tokens[:, 0]), atol=1e-4, rtol=1e-4)


def test_only_spectra_have_a_projection_of_the_first_token() -> None:
    names = initialise(GALSEARCH_SMALL, seed=1).state_dict()
    assert "spectrum_encoder.first_token.weight" in names
    assert "image_encoder.first_token.weight" not in names


def test_the_standardisation_of_an_untrained_model_changes_nothing() -> None:
    config = dataclasses.replace(
        TINY, image_head=dataclasses.replace(TINY.image_head, standardise=True)
    )
    model = initialise(config, seed=1)
    assert not model.image_encoder.standard.mean.any()
    assert (model.image_encoder.standard.variance == 1).all()
    assert not hasattr(model.spectrum_encoder, "standard")


def test_a_seed_gives_the_same_weights() -> None:
    one, again, other = (initialise(TINY, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], again[name]) for name in one)
    name = "image_encoder.backbone.patch_embed.proj.weight"
    assert not torch.equal(one[name], other[name])
    std = 1 / (3 * 12 * 12) ** 0.5
    assert float(one[name].abs().max()) <= 2 * std
    assert float(one[name].std()) == pytest.approx(0.88 * std, rel=0.05)


def test_a_model_without_a_modality_refuses_it() -> None:
    model = CrossModalModel(dataclasses.replace(TINY, spectrum=None, spectrum_head=None))
    with pytest.raises(ConfigError) as error:
        model.spectrum(torch.zeros(1, 11, 44))
    assert str(error.value) == "model 'tiny' has no spectrum encoder."


def test_pooling_items_one_at_a_time_gives_the_embeddings_of_the_batch() -> None:
    encoder = initialise(TINY, seed=1).eval().image_encoder
    images = torch.randn(5, 3, 24, 24)
    with torch.inference_mode():
        found, expected = encoder.forward_itemwise(images), encoder(images)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
