"""Random chunks of consecutive tokens that are hidden for masked modelling (SpecFormer)."""

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
    """(n_spectra, n_chunks) int64 first token of each hidden chunk, in ascending order.

    The sequence is cut into `n_chunks` equal parts and one chunk is placed at random in each, at
    least one token before the end of the part, so chunks never touch. The last tokens of a
    sequence are never hidden and the summary token 0 may be, as in the published model.

    Parameters
    ----------
    n_spectra, n_tokens
        Number of spectra, and of tokens in each.
    n_chunks, width
        Number of hidden chunks in each spectrum, and of tokens in each chunk.
    generator
        Source of the random numbers.

    Raises
    ------
    ConfigError
        Where the chunks do not fit into a sequence of `n_tokens`.

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
    """(B, N) bool, True for the hidden tokens of each spectrum: chunks of `width` tokens that begin
    at `starts` (B, chunks).
    """
    positions = torch.arange(n_tokens, device=starts.device)
    offset = positions - starts[..., None]  # (B, chunks, N)
    return ((offset >= 0) & (offset < width)).any(1)


def hide_tokens(tokens: Tensor, hidden: Tensor) -> Tensor:
    """(B, N, features) copy of the tokens, with zeros where `hidden` (B, N) is True."""
    return tokens.masked_fill(hidden[..., None], 0.0)
