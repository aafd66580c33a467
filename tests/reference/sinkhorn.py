"""Sinkhorn-Knopp targets of DINOv2: the alternative to centring, which no training here uses."""

import torch
from torch import Tensor


def sinkhorn_targets(logits: Tensor, temperature: float, *, n_iterations: int = 3) -> Tensor:
    """(B, K): targets in which every prototype has nearly the same share of the batch.

    The algorithm of Sinkhorn and Knopp normalises columns (prototypes) and rows (items) in turn
    and ends with the rows, so each row sums to one.
    """
    shares = torch.exp(logits / temperature)
    shares = shares / shares.sum()
    n_items, n_prototypes = shares.shape
    for _ in range(n_iterations):
        shares = shares / (shares.sum(0, keepdim=True) * n_prototypes)
        shares = shares / (shares.sum(1, keepdim=True) * n_items)
    return shares * n_items
