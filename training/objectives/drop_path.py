"""Stochastic depth: a student leaves out whole residual branches, another choice for each item."""

import torch
from torch import Tensor, nn

from galsearch.encoders.network.transformer import ImageBlock


def add_drop_path(backbone: nn.Module, rate: float) -> None:
    """Leave out every attention and feed-forward branch of image blocks with chance `rate`.

    What is kept is scaled up, so that the expectation is that of the whole branch; in evaluation
    mode nothing is left out. DINOv2 leaves out the same share by computing a branch for a random
    part of the batch alone.
    """

    def drop(module: nn.Module, inputs: object, branch: Tensor) -> Tensor:
        del inputs
        if not module.training:
            return branch
        kept = torch.rand(len(branch), 1, 1, device=branch.device) >= rate
        return branch * kept / (1 - rate)

    if rate:
        for block in backbone.modules():
            if isinstance(block, ImageBlock):
                block.attn.register_forward_hook(drop)
                block.mlp.register_forward_hook(drop)
