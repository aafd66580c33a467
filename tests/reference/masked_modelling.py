"""The published loss of SpecFormer's masked modelling, with its faults."""

import torch
from torch import Tensor


def masked_modelling_loss(
    reconstructions: Tensor, tokens: Tensor, masked: Tensor, *, if_none: float = 0.0
) -> Tensor:
    """The mean squared error over the features that masking changed.

    Parameters
    ----------
    reconstructions, tokens, masked : (B, N, features)
        The output of the model for `masked`; the true tokens; the true tokens with the hidden
        ones set to zero. Features that are 0 in the true tokens (the zeros at the start of a
        slice) are equal in both and do not count.
    if_none
        The loss where nothing differs, as for constant spectra. The published code gives NaN
        there, which spoils a batch of such spectra.

    Examples
    --------
    >>> tokens = torch.ones(1, 4, 2)
    >>> masked = tokens.clone()
    >>> masked[:, 0] = 0
    >>> float(masked_modelling_loss(2 * tokens, tokens, masked))
    1.0
    """
    counts = masked != tokens
    n = counts.sum()
    total = ((reconstructions - tokens).square() * counts).sum()
    return torch.where(n > 0, total / n.clamp(min=1), if_none)
