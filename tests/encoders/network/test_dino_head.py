"""The projection head gives cosines with its prototypes."""

import torch
from torch.nn import functional

from galsearch.encoders.encoder_config import PrototypeConfig
from galsearch.encoders.network.dino_head import PrototypeHead


def test_logits_are_cosines_with_the_prototypes() -> None:
    torch.manual_seed(1)
    head = PrototypeHead(6, PrototypeConfig(5, n_layers=2, hidden_width=8, bottleneck_width=4))
    torch.nn.init.normal_(head.last_layer.weight_v)
    tokens = torch.randn(3, 2, 6)
    logits = head(tokens)
    assert logits.shape == (3, 2, 5)
    points = head.mlp(tokens)
    expected = functional.cosine_similarity(
        points[:, :, None], head.last_layer.weight_v[None, None], dim=-1
    )
    torch.testing.assert_close(logits, expected, atol=1e-6, rtol=1e-5)
