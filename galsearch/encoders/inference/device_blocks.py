"""Networks whose transformer blocks hold their weights in bf16, for GPUs.

The blocks hold nearly all arithmetic. The stem before them, the final norm and the pooling head
stay in fp32, and so do redshift templates, whose Fourier transform needs it.
"""

import copy

import torch
from torch import Tensor, nn

from galsearch.encoders.inference.fused_blocks import Block, with_replaced_blocks
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from galsearch.encoders.network.image_network import ImageBackbone
from galsearch.encoders.network.spectrum_network import SpectrumBackbone


class Bfloat16Block(nn.Module):
    """A copy of a transformer block whose weights, inputs and outputs are in bf16."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.block = copy.deepcopy(block).to(torch.bfloat16)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (B, N, D) in bf16 after the block, for input tokens of any float type."""
        out: Tensor = self.block(x.to(torch.bfloat16))
        return out


class Float32Norm(nn.Module):
    """A layer norm in fp32 of tokens in bf16."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """Normalised tokens (B, N, D) in float32."""
        out: Tensor = self.norm(x.float())
        return out


def with_bfloat16_blocks(model: CrossModalModel) -> CrossModalModel:
    """A model for inference that shares all weights of `model` except those of its blocks."""
    faster = with_replaced_blocks(model, Bfloat16Block)
    for module in faster.modules():
        if isinstance(module, ImageBackbone):
            module.norm = Float32Norm(module.norm)  # type: ignore[assignment]
        elif isinstance(module, SpectrumBackbone):
            module.final_layernorm = Float32Norm(  # type: ignore[assignment]
                module.final_layernorm
            )
    return faster
