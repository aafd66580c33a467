"""Self-attention equals a plain loop over heads, in training and in inference."""

import pytest
import torch

from galsearch.encoders.network.transformer import ImageBlock, SpectrumBlock, self_attention


@pytest.mark.parametrize("training", [True, False])
def test_self_attention_is_a_plain_loop(training: bool) -> None:
    torch.manual_seed(1)
    qkv, n_heads = torch.randn(2, 5, 3 * 12), 3
    expected = torch.empty(2, 5, 12)
    for row in range(2):
        queries, keys, values = qkv[row].chunk(3, dim=1)
        for head in range(n_heads):
            part = slice(4 * head, 4 * head + 4)
            scores = queries[:, part] @ keys[:, part].T / 4**0.5
            expected[row, :, part] = scores.softmax(dim=1) @ values[:, part]
    found = self_attention(qkv, n_heads, training=training)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


def test_both_blocks_are_one_architecture() -> None:
    torch.manual_seed(2)
    image, spectrum = ImageBlock(12, 3, 4, layer_scale=False), SpectrumBlock(12, 3, 4)
    names = {
        "norm1": "layernorm1", "attn.qkv": "attention.attention", "attn.proj":
        "attention.projection", "norm2": "layernorm2", "mlp.fc1": "mlp.encoder",
        "mlp.fc2": "mlp.decoder",
    }  # fmt: skip
    spectrum.load_state_dict(
        {
            f"{names[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": tensor
            for name, tensor in image.state_dict().items()
        }
    )
    tokens = torch.randn(2, 5, 12)
    torch.testing.assert_close(image(tokens), spectrum(tokens), atol=1e-4, rtol=1e-4)
