"""The contrastive loss of AstroCLIP: InfoNCE in both directions on cosine similarities."""

import torch
from torch import Tensor
from torch.nn import functional

SMALLEST_NORM = 1e-3
"""AstroCLIP's floor under the length of an embedding when it is normalised for the loss."""


def clip_logits(image: Tensor, spectrum: Tensor, scale: Tensor | float) -> Tensor:
    """(B, B) logits of the contrastive loss: `scale` times the cosine of every image embedding
    (row) with every spectrum embedding (column).
    """
    rows = functional.normalize(image, dim=-1, eps=SMALLEST_NORM)
    columns = functional.normalize(spectrum, dim=-1, eps=SMALLEST_NORM)
    return scale * rows @ columns.T


def clip_loss(image: Tensor, spectrum: Tensor, scale: Tensor | float) -> Tensor:
    """The InfoNCE loss (scalar): cross-entropy of finding each image's spectrum and each spectrum's
    image in a batch, averaged over both directions.

    Parameters
    ----------
    image, spectrum : (B, E)
        Embeddings, not normalised; row i of both is one galaxy.
    scale
        Multiplies the cosines: `CrossModalModel.logit_scale()`, or 15.5 as published.

    Examples
    --------
    >>> float(clip_loss(torch.eye(2), torch.eye(2), 15.5)) < 1e-6
    True
    """
    logits = clip_logits(image, spectrum, scale)
    truth = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(logits, truth) + functional.cross_entropy(logits.T, truth)) / 2
