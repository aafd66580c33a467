"""Cross-attention of one query equals torch's multi-head attention."""

import pytest
import torch
from torch import nn

from galsearch.encoders.encoder_config import HeadConfig
from galsearch.encoders.network.pooling import CrossAttention


@pytest.mark.parametrize("token_width", [16, 24])
def test_attention_is_that_of_torch(token_width: int) -> None:
    torch.manual_seed(1)
    pooling = CrossAttention(HeadConfig(width=16, n_heads=4), token_width).eval()
    for parameter in pooling.parameters():
        nn.init.normal_(parameter, std=0.3)
    expected = nn.MultiheadAttention(
        16, 4, kdim=token_width, vdim=token_width, batch_first=True
    ).eval()
    expected.load_state_dict(pooling.multihead_attn.state_dict())
    tokens = torch.randn(3, 7, token_width)
    with torch.no_grad():
        attended, attention = pooling.attend(tokens)
        query = pooling.query.expand(3, -1, -1)
        vector, weights = expected(query, tokens, tokens, average_attn_weights=False)
    torch.testing.assert_close(attended, vector[:, 0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(attention, weights[:, :, 0], atol=1e-5, rtol=1e-5)
