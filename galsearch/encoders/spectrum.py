"""The spectrum backbone: a transformer over slices (SpecFormer and its names)."""

from torch import Tensor, nn

from galsearch.encoders.config import SpectrumConfig
from galsearch.encoders.transformer import SpectrumBlock


class SpectrumBackbone(nn.Module):
    """Slices to tokens, position embeddings, blocks, final norm; a head that reconstructs."""

    def __init__(self, config: SpectrumConfig) -> None:
        super().__init__()
        self.config = config
        self.data_embed = nn.Linear(config.n_features, config.width)
        self.position_embed = nn.Embedding(config.max_tokens, config.width)
        self.blocks = nn.ModuleList(
            SpectrumBlock(config.width, config.n_heads, config.mlp_ratio)
            for _ in range(config.depth)
        )
        self.final_layernorm = nn.LayerNorm(config.width, eps=1e-5)
        self.head = nn.Linear(config.width, config.n_features)

    def tokens(self, slices: Tensor) -> Tensor:
        """What enters the first block: (B, N, features) to (B, N, D)."""
        x: Tensor = self.data_embed(slices)
        return x + self.position_embed.weight[: slices.shape[1]]

    def forward(self, slices: Tensor) -> Tensor:
        """(B, N, features) to all tokens after the final norm, (B, N, D)."""
        x = self.tokens(slices)
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.final_layernorm(x)
        return out

    def reconstruct(self, slices: Tensor) -> Tensor:
        """(B, N, features): what masked modelling compares with the unmasked slices."""
        out: Tensor = self.head(self(slices))
        return out
