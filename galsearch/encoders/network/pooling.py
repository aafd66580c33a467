"""One vector from many tokens: cross-attention of a learned query."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.encoders.encoder_config import HeadConfig


class AttentionWeights(nn.Module):
    """The tensors of torch's MultiheadAttention, under its names.

    Query, key and value matrices are one tensor where the tokens are as wide as the query,
    and three where they are not.
    """

    def __init__(self, width: int, token_width: int) -> None:
        super().__init__()
        self.fused = width == token_width
        if self.fused:
            self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        else:
            self.q_proj_weight = nn.Parameter(torch.empty(width, width))
            self.k_proj_weight = nn.Parameter(torch.empty(width, token_width))
            self.v_proj_weight = nn.Parameter(torch.empty(width, token_width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def matrices(self) -> tuple[Tensor, Tensor, Tensor]:
        """Query (E, E), key (E, D) and value (E, D) matrices."""
        if self.fused:
            query, key, value = self.in_proj_weight.chunk(3)
            return query, key, value
        return self.q_proj_weight, self.k_proj_weight, self.v_proj_weight


class CrossAttention(nn.Module):
    """A learned query attends to all tokens; dropout; layer norm. No residual to the query."""

    def __init__(self, config: HeadConfig, token_width: int) -> None:
        super().__init__()
        self.n_heads, self.dropout = config.n_heads, config.dropout
        self.query = nn.Parameter(torch.zeros(1, 1, config.width))
        self.multihead_attn = AttentionWeights(config.width, token_width)
        self.layernorm = nn.LayerNorm(config.width, eps=1e-5)

    def attend(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """What the query sees, and how much of each token.

        With a single query the key and value matrices need not touch every token: the query is
        carried into the tokens' space, and the weighted mean of tokens out of it. The key bias
        adds the same to every score of a head, which softmax does not see.

        Parameters
        ----------
        tokens : (B, N, D)

        Returns
        -------
        tuple of Tensor
            (B, E) after the output projection, and attention (B, heads, N) that sums to one.
        """
        weights = self.multihead_attn
        width, heads = self.query.shape[-1], self.n_heads
        query_matrix, key_matrix, value_matrix = weights.matrices()
        query_bias, _, value_bias = weights.in_proj_bias.chunk(3)
        query = functional.linear(self.query.view(width), query_matrix, query_bias)
        query = query.view(heads, 1, -1) / math.sqrt(width // heads)  # (H, 1, E / H)
        probe = (query @ key_matrix.view(heads, width // heads, -1))[:, 0]  # (H, D)
        attention = functional.linear(tokens, probe).transpose(1, 2).softmax(-1)  # (B, H, N)
        seen = attention @ tokens  # (B, H, D)
        values = torch.einsum("bhd,hed->bhe", seen, value_matrix.view(heads, width // heads, -1))
        attended: Tensor = weights.out_proj(values.flatten(1) + value_bias)  # (B, E)
        return attended, attention

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, D) to (B, E)."""
        attended, _ = self.attend(tokens)
        attended = functional.dropout(attended, self.dropout, self.training)
        out: Tensor = self.layernorm(attended)
        return out
