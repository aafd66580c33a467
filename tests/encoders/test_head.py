"""The head of an encoder: what its first token tells goes straight into the embedding."""

import dataclasses

import torch

from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from galsearch.encoders.network.cross_modal_model import initialise


def test_the_first_token_is_added_through_its_matrix() -> None:
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


def test_images_have_no_summary_and_no_such_matrix() -> None:
    names = initialise(GALSEARCH_SMALL, seed=1).state_dict()
    assert "spectrum_encoder.first_token.weight" in names
    assert "image_encoder.first_token.weight" not in names
