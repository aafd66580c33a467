"""The published network in its plainest form, as the reference for embedding speed.

The reference has the same weights as the measured network: explicit softmax in the image blocks,
PyTorch's attention in the spectrum blocks and its `MultiheadAttention` in the pooling heads.
"""

import copy
from typing import Any

from torch import Tensor, nn

from galsearch.encoders.network.cross_modal_model import CrossModalModel
from galsearch.encoders.network.pooling import CrossAttention
from galsearch.encoders.network.transformer import ImageAttention


class EagerAttention(nn.Module):
    """Attention layer of an image block, computed as DINOv2 computes it without xFormers."""

    def __init__(self, attention: ImageAttention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) tokens after attention, from tokens (B, N, D)."""
        B, N, D = x.shape
        heads = self.attention.n_heads
        qkv = self.attention.qkv(x).reshape(B, N, 3, heads, D // heads).permute(2, 0, 3, 1, 4)
        scores = (qkv[0] * (D // heads) ** -0.5) @ qkv[1].transpose(-2, -1)
        mixed = scores.softmax(-1) @ qkv[2]
        out: Tensor = self.attention.proj(mixed.transpose(1, 2).reshape(B, N, D))
        return out


class EagerPooling(nn.Module):
    """Pooling head computed as AstroCLIP computes it, with keys and values of every token."""

    def __init__(self, pooling: CrossAttention, token_width: int) -> None:
        super().__init__()
        width = pooling.query.shape[-1]
        self.query, self.layernorm = pooling.query, pooling.layernorm
        self.attention = nn.MultiheadAttention(
            width, pooling.n_heads, kdim=token_width, vdim=token_width, batch_first=True
        )
        self.attention.load_state_dict(pooling.multihead_attn.state_dict())

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, E) pooled vectors of tokens (B, N, D)."""
        query = self.query.expand(len(tokens), -1, -1)
        pooled, _ = self.attention(query, tokens, tokens, need_weights=False)
        out: Tensor = self.layernorm(pooled[:, 0])
        return out


def eager_copy(model: CrossModalModel) -> CrossModalModel:
    """A copy of the model with the same weights in the plainest PyTorch modules, for inference
    only.
    """
    plain = copy.deepcopy(model)
    for module in list(plain.modules()):
        if isinstance(getattr(module, "attn", None), ImageAttention):
            module.attn = EagerAttention(module.attn)  # type: ignore[arg-type]
    for encoder in (plain.image_encoder, plain.spectrum_encoder):
        pooling: Any = EagerPooling(encoder.cross_attention, encoder.backbone.config.width)
        encoder.cross_attention = pooling
    return plain.eval().requires_grad_(requires_grad=False)
