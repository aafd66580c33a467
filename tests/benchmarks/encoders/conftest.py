"""Toy sizes of the published architecture."""

from typing import Any

import pytest

from galsearch.encoders.astroclip.published import Published, published_config

TOY = {
    "image": {"embed_dim": 16, "depth": 2, "num_heads": 2, "block_chunks": 1},
    "specformer": {"embed_dim": 24, "num_layers": 1, "num_heads": 2},
    "head": {
        "embed_dim": 16,
        "n_head": 2,
        "image_model_embed_dim": 16,
        "spectrum_model_embed_dim": 24,
    },
}


@pytest.fixture(scope="session")
def toy_sizes() -> dict[str, Any]:
    """Sizes of a small network, in the names of the published configuration."""
    return TOY


@pytest.fixture(scope="session")
def toy_config() -> Any:
    """Configuration of a small network with the published architecture."""
    return published_config(Published.ASTROCLIP, TOY)
