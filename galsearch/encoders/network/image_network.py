"""The image backbone: a vision transformer (DINOv2's ViT and its names)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.encoders.encoder_config import ImageConfig
from galsearch.encoders.network.transformer import ImageBlock

POSITION_OFFSET = 0.1
"""DINOv2 adds it to the size of the target grid when positions are interpolated."""


class PatchEmbedding(nn.Module):
    """One token a patch."""

    def __init__(self, config: ImageConfig) -> None:
        super().__init__()
        self.proj = nn.Conv2d(
            config.n_bands, config.width, config.patch_size, stride=config.patch_size
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, C, H, W) to (B, N, D), patches row by row."""
        planes: Tensor = self.proj(pixels)  # (B, D, rows, columns)
        return planes.flatten(2).transpose(1, 2)


class ImageBackbone(nn.Module):
    """Patches, blocks, final norm.

    With `config.class_token` the class token leads and position embeddings are added (the
    standard path of DINOv2); without, the patch tokens go through the blocks as they are
    (AstroCLIP's path) and `cls_token`, `pos_embed` and `mask_token` are weights without use.
    """

    def __init__(self, config: ImageConfig) -> None:
        super().__init__()
        self.config = config
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.pos_embed = nn.Parameter(torch.zeros(1, config.n_patches + 1, config.width))
        self.mask_token = nn.Parameter(torch.zeros(1, config.width))
        self.patch_embed = PatchEmbedding(config)
        length = config.depth // config.block_chunks
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {str(i): self._block() for i in range(chunk * length, (chunk + 1) * length)}
            )
            for chunk in range(config.block_chunks)
        )
        self.norm = nn.LayerNorm(config.width, eps=1e-6)

    def _block(self) -> ImageBlock:
        config = self.config
        return ImageBlock(
            config.width, config.n_heads, config.mlp_ratio, layer_scale=config.layer_scale
        )

    def tokens(self, pixels: Tensor, masked_patches: Tensor | None = None) -> Tensor:
        """What enters the first block: (B, N, D), or (B, 1 + N, D) with the class token first.

        Parameters
        ----------
        pixels : (B, C, H, W)
            Sides are multiples of the patch size; other sizes than the configured one get
            interpolated positions.
        masked_patches : (B, N) bool
            True: the patch is replaced by the mask token (iBOT).
        """
        x: Tensor = self.patch_embed(pixels)  # (B, N, D)
        if masked_patches is not None:
            x = torch.where(masked_patches[..., None], self.mask_token.to(x.dtype), x)
        if not self.config.class_token:
            return x
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1)  # (B, 1 + N, D)
        return x + self.positions(pixels.shape[-2], pixels.shape[-1])

    def positions(self, height: int, width: int) -> Tensor:
        """(1, 1 + N, D): position embeddings for an image of this size, bicubic where needed."""
        size, side = self.config.patch_size, self.config.image_size // self.config.patch_size
        rows, columns = height // size, width // size
        if rows == side and columns == side:
            return self.pos_embed
        grid = self.pos_embed[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
        scale = (rows + POSITION_OFFSET) / side, (columns + POSITION_OFFSET) / side
        grid = functional.interpolate(grid, scale_factor=scale, mode="bicubic", antialias=False)
        return torch.cat([self.pos_embed[:, :1], grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)

    def forward(self, pixels: Tensor, masked_patches: Tensor | None = None) -> Tensor:
        """(B, C, H, W) to all tokens after the final norm, (B, N or 1 + N, D)."""
        x = self.tokens(pixels, masked_patches)
        for chunk in self.blocks:
            assert isinstance(chunk, nn.ModuleDict)  # noqa: S101 (for the type checker)
            for block in chunk.values():
                x = block(x)
        out: Tensor = self.norm(x)
        return out
