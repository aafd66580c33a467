"""Masked modelling of spectra (SpecFormer): whole chunks of tokens are hidden and reconstructed."""

import torch
from torch import Tensor

from galsearch.core.errors import ConfigError


def draw_chunk_starts(
    n_spectra: int,
    n_tokens: int,
    *,
    n_chunks: int = 6,
    width: int = 50,
    generator: torch.Generator | None = None,
) -> Tensor:
    """(n_spectra, n_chunks) int64: the first token of each hidden chunk, ascending in a row.

    The sequence is cut into `n_chunks` equal parts and one chunk is drawn in each, at least a
    token short of the part's end, so that chunks never touch. The last tokens of a sequence are
    never hidden and the summary token 0 may be, as in the published model.

    Examples
    --------
    >>> draw_chunk_starts(2, 778, generator=torch.Generator().manual_seed(1)).shape
    torch.Size([2, 6])
    """
    part = n_tokens // n_chunks
    if part <= width:
        raise ConfigError(
            f"{n_chunks} chunks of {width} tokens and a gap after each need "
            f"{n_chunks * (width + 1)} tokens, found {n_tokens}."
        )
    first = torch.arange(n_chunks) * n_tokens // n_chunks
    return first + torch.randint(part - width, (n_spectra, n_chunks), generator=generator)


def hidden_tokens(starts: Tensor, n_tokens: int, *, width: int = 50) -> Tensor:
    """(B, N) bool: True in the chunks of `width` tokens that begin at `starts` (B, chunks)."""
    places = torch.arange(n_tokens, device=starts.device)
    since = places - starts[..., None]  # (B, chunks, N)
    return ((since >= 0) & (since < width)).any(1)


def hide(tokens: Tensor, hidden: Tensor) -> Tensor:
    """(B, N, features) with the hidden tokens all zero."""
    return tokens.masked_fill(hidden[..., None], 0.0)
