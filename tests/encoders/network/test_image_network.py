"""The image backbone: patches in rows, interpolated positions, masked patches."""

import dataclasses

import torch

from galsearch.encoders.encoder_config import ImageConfig
from galsearch.encoders.network.image_network import ImageBackbone

CONFIG = ImageConfig(image_size=24, patch_size=12, width=8, depth=2, n_heads=2)


def backbone(config: ImageConfig) -> ImageBackbone:
    torch.manual_seed(1)
    made = ImageBackbone(config).eval().requires_grad_(requires_grad=False)
    torch.nn.init.normal_(made.pos_embed)
    torch.nn.init.normal_(made.mask_token)
    return made


def test_patches_follow_row_by_row_after_the_class_token() -> None:
    made, image = backbone(CONFIG), torch.randn(1, 3, 24, 24)
    tokens = made.tokens(image)
    assert tokens.shape == (1, 5, 8)
    patch = (made.patch_embed.proj.weight * image[:, :, :12, 12:]).sum((1, 2, 3))
    expected = patch + made.patch_embed.proj.bias + made.pos_embed[0, 2]
    torch.testing.assert_close(tokens[0, 2], expected, atol=1e-5, rtol=1e-5)


def test_a_masked_patch_is_the_mask_token() -> None:
    made = backbone(CONFIG)
    masked = torch.tensor([[False, True, False, False]])
    tokens = made.tokens(torch.randn(1, 3, 24, 24), masked)
    torch.testing.assert_close(tokens[0, 2], made.mask_token[0] + made.pos_embed[0, 2])


def test_positions_of_another_size_are_interpolated() -> None:
    made = backbone(CONFIG)
    assert torch.equal(made.positions(24, 24), made.pos_embed)
    assert made.positions(36, 12).shape == (1, 1 + 3, 8)
    assert made(torch.randn(2, 3, 36, 12)).shape == (2, 4, 8)


def test_without_class_token_there_are_patches_only() -> None:
    made = backbone(dataclasses.replace(CONFIG, class_token=False))
    image = torch.randn(1, 3, 24, 24)
    assert torch.equal(made.tokens(image), made.patch_embed(image))
