"""Transformer blocks for fast inference: packed weights and fused operations.

A block of either backbone is computed as x += proj(attention(qkv(norm(x)))) and
x += second(gelu(first(norm(x)))), with the layer scale multiplied into `proj` and `second`.
Norms, attention, pooling heads and everything between the blocks stay in fp32.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from galsearch.encoders.inference.linear_kernels import FloatLinear, Int8Linear
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from galsearch.encoders.network.transformer import (
    ImageBlock,
    LayerScale,
    SpectrumBlock,
    self_attention,
)

Block = ImageBlock | SpectrumBlock


class FusedBlock(nn.Module):
    """An inference version of a transformer block, with the same output up to rounding.

    Parameters
    ----------
    block
        Transformer block whose weights are used.
    precision
        Precision of the block's four matrix products: `fp32`, `bf16` or `int8`.
    """

    def __init__(self, block: Block, precision: str) -> None:
        super().__init__()
        if isinstance(block, ImageBlock):
            self.norm1, self.norm2 = block.norm1, block.norm2
            self.n_heads = block.attn.n_heads
            qkv, proj = block.attn.qkv, block.attn.proj
            first, second = block.mlp.fc1, block.mlp.fc2
            scales = _layer_scale(block.ls1), _layer_scale(block.ls2)
        else:
            self.norm1, self.norm2 = block.layernorm1, block.layernorm2
            self.n_heads = block.attention.n_heads
            qkv, proj = block.attention.attention, block.attention.projection
            first, second = block.mlp.encoder, block.mlp.decoder
            scales = None, None
        self.qkv, self.first = _linear_kernel(precision, qkv), _linear_kernel(precision, first)
        self.proj = _linear_kernel(precision, proj, scales[0])
        self.second = _linear_kernel(precision, second, scales[1], after_gelu=True)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (B, N, D) after the block, for input tokens (B, N, D)."""
        B, N, D = x.shape
        rows = x.reshape(B * N, D)
        qkv = self.qkv(self.norm1(rows)).view(B, N, 3 * D)
        attended = self_attention(qkv, self.n_heads).view(B * N, D)
        rows = self.proj.with_residual(attended, rows)
        hidden = self.first.with_gelu(self.norm2(rows))
        return self.second.with_residual(hidden, rows).view(B, N, D)


def with_fused_blocks(model: CrossModalModel, precision: str) -> CrossModalModel:
    """A model for inference that shares all weights of `model` except those of the blocks."""
    return with_replaced_blocks(model, lambda block: FusedBlock(block, precision))


def with_replaced_blocks(
    model: CrossModalModel, replace: Callable[[Block], nn.Module]
) -> CrossModalModel:
    """A model for inference with other transformer blocks, which shares all other weights.

    Parameters
    ----------
    model
        Model that is left as it is.
    replace
        Function that returns the block to use in place of a block of the model.
    """
    with torch.device("meta"):
        faster = CrossModalModel(model.config)
    faster.load_state_dict(model.state_dict(), assign=True)
    for parent in list(faster.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Block):
                setattr(parent, name, replace(child))
    return faster.eval().requires_grad_(requires_grad=False)


def _layer_scale(scale: nn.Module) -> Tensor | None:
    return scale.gamma.detach() if isinstance(scale, LayerScale) else None


def _linear_kernel(
    precision: str, layer: nn.Linear, scale: Tensor | None = None, *, after_gelu: bool = False
) -> FloatLinear | Int8Linear:
    """Inference kernel of a linear layer, whose outputs are multiplied by `scale` if given."""
    weight, bias = layer.weight.detach(), layer.bias.detach()
    if scale is not None:
        weight, bias = weight * scale[:, None], bias * scale
    if precision == "int8":
        return Int8Linear(weight, bias, after_gelu=after_gelu)
    return FloatLinear(weight, bias, {"fp32": torch.float32, "bf16": torch.bfloat16}[precision])
