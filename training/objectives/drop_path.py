"""Stochastic depth: the student skips random residual branches, independently for each image."""

import torch
from torch import Tensor, nn

from galsearch.encoders.network.transformer import ImageBlock


def add_drop_path(backbone: nn.Module, rate: float) -> None:
    """Skip each attention and feed-forward branch of the image blocks with probability `rate`.

    The branches that remain are scaled up, so that the expected value is unchanged. In evaluation
    mode nothing is skipped. DINOv2 skips the same share by computing a branch only for a random
    part of the batch.
    """

    def drop(module: nn.Module, inputs: object, branch: Tensor) -> Tensor:
        del inputs
        if not module.training:
            return branch
        remaining = torch.rand(len(branch), 1, 1, device=branch.device) >= rate
        return branch * remaining / (1 - rate)

    if rate:
        for block in backbone.modules():
            if isinstance(block, ImageBlock):
                block.attn.register_forward_hook(drop)
                block.mlp.register_forward_hook(drop)
