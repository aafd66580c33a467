"""Pooling of tokens into one vector by cross-attention with a learned query."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.encoders.encoder_config import HeadConfig


class AttentionWeights(nn.Module):
    """The weights of torch's MultiheadAttention, with the same attribute names.

    Query, key and value matrices are stored as one tensor where tokens and query have the same
    width, and as three tensors otherwise.
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
        """The query (E, E), key (E, D) and value (E, D) matrices."""
        if self.fused:
            query, key, value = self.in_proj_weight.chunk(3)
            return query, key, value
        return self.q_proj_weight, self.k_proj_weight, self.v_proj_weight


class CrossAttention(nn.Module):
    """Attention of a learned query to all tokens, then dropout and layer norm, without residual."""

    def __init__(self, config: HeadConfig, token_width: int) -> None:
        super().__init__()
        self.n_heads, self.dropout = config.n_heads, config.dropout
        self.query = nn.Parameter(torch.zeros(1, 1, config.width))
        self.multihead_attn = AttentionWeights(config.width, token_width)
        self.layernorm = nn.LayerNorm(config.width, eps=1e-5)

    def attend(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The vector that the learned query attends to in each galaxy, and the attention weights.

        With a single query the key and value matrices need not be applied to every token: the
        query is projected into the space of the tokens, and the value matrix is applied to the
        weighted mean of the tokens. The key bias adds the same number to every score of a head,
        so softmax cancels it.

        Parameters
        ----------
        tokens : (B, N, D)

        Returns
        -------
        tuple of Tensor
            (B, E) after the output projection, and attention weights (B, heads, N) that sum to 1.
        """
        weights = self.multihead_attn
        width, heads = self.query.shape[-1], self.n_heads
        query_matrix, key_matrix, value_matrix = weights.matrices()
        query_bias, _, value_bias = weights.in_proj_bias.chunk(3)
        # Shapes for H heads: query (H, D), attention (B, H, N), mean token (B, H, D), and value
        # matrix (H, E / H, D).
        query = functional.linear(self.query.view(width), query_matrix, query_bias)
        query = query.view(heads, 1, -1) / math.sqrt(width // heads)
        query = (query @ key_matrix.view(heads, width // heads, -1))[:, 0]
        attention = functional.linear(tokens, query).transpose(1, 2).softmax(-1)
        mean_token = attention @ tokens
        value_matrix = value_matrix.view(heads, width // heads, -1)
        values = torch.einsum("bhd,hed->bhe", mean_token, value_matrix)
        attended: Tensor = weights.out_proj(values.flatten(1) + value_bias)
        return attended, attention

    def forward(self, tokens: Tensor) -> Tensor:
        """One vector for each galaxy, (B, E), pooled from its tokens (B, N, D)."""
        attended, _ = self.attend(tokens)
        attended = functional.dropout(attended, self.dropout, self.training)
        out: Tensor = self.layernorm(attended)
        return out
