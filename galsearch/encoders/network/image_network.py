"""The image backbone: DINOv2's vision transformer.

The names of the attributes are those of DINOv2, because they are the names of the tensors in the
published checkpoints.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.encoders.encoder_config import ImageConfig
from galsearch.encoders.network.transformer import ImageBlock

POSITION_OFFSET = 0.1
"""Number added to the size of the grid to which position embeddings are interpolated (DINOv2)."""


class PatchEmbedding(nn.Module):
    """Convolution that turns each patch of an image into a token."""

    def __init__(self, config: ImageConfig) -> None:
        super().__init__()
        self.proj = nn.Conv2d(
            config.n_channels, config.width, config.patch_size, stride=config.patch_size
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """Tokens (B, N, D) of images (B, C, H, W), one for each patch, row by row."""
        # The convolution gives planes (B, D, rows, columns), which become a list of tokens.
        planes: Tensor = self.proj(pixels)
        return planes.flatten(2).transpose(1, 2)


class ImageBackbone(nn.Module):
    """A vision transformer: patch embedding, transformer blocks, final norm.

    With `config.class_token` the class token comes first and position embeddings are added, as
    in DINOv2. Without it the patch tokens enter the blocks unchanged, as in AstroCLIP, and the
    weights `cls_token`, `pos_embed` and `mask_token` are not used.
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
        """Tokens before the first block: (B, N, D), or (B, 1 + N, D) with the class token first.

        Parameters
        ----------
        pixels : (B, C, H, W)
            Sides are multiples of the patch size. Position embeddings are interpolated for
            other sizes than the configured one.
        masked_patches : (B, N) bool
            True where the patch is replaced by the mask token (iBOT).
        """
        x: Tensor = self.patch_embed(pixels)
        if masked_patches is not None:
            x = torch.where(masked_patches[..., None], self.mask_token.to(x.dtype), x)
        if not self.config.class_token:
            return x
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1)
        return x + self.positions(pixels.shape[-2], pixels.shape[-1])

    def positions(self, height: int, width: int) -> Tensor:
        """Position embeddings (1, 1 + N, D) for an image of this size, by bicubic interpolation."""
        size, side = self.config.patch_size, self.config.image_size // self.config.patch_size
        rows, columns = height // size, width // size
        if rows == side and columns == side:
            return self.pos_embed
        grid = self.pos_embed[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
        scale = (rows + POSITION_OFFSET) / side, (columns + POSITION_OFFSET) / side
        grid = functional.interpolate(grid, scale_factor=scale, mode="bicubic", antialias=False)
        return torch.cat([self.pos_embed[:, :1], grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)

    def forward(self, pixels: Tensor, masked_patches: Tensor | None = None) -> Tensor:
        """Tokens of images (B, C, H, W) after the final norm, (B, N, D) or (B, 1 + N, D)."""
        x = self.tokens(pixels, masked_patches)
        for chunk in self.blocks:
            assert isinstance(chunk, nn.ModuleDict)  # noqa: S101 (for the type checker)
            for block in chunk.values():
                x = block(x)
        out: Tensor = self.norm(x)
        return out
