"""Losses of the self-distillation of images (DINOv2, AstroDINO).

Logits are the outputs (..., K) of `PrototypeHead` for K prototypes. The published weights are DINO
1, iBOT 1, KoLeo 0.1, the student's temperature 0.1, centring with momentum 0.9.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

SMALLEST_DISTANCE = 1e-8
"""Small number that is added to norms and distances, so that logarithms stay finite."""


def centred_targets(logits: Tensor, centre: Tensor, temperature: float) -> Tensor:
    """(..., K) target probabilities: softmax of the centred logits over the temperature."""
    return torch.softmax((logits - centre) / temperature, dim=-1)


def moved_centre(centre: Tensor, logits: Tensor, *, momentum: float = 0.9) -> Tensor:
    """The running mean of the teacher's logits after a batch (..., K), in the shape of `centre`."""
    mean = logits.reshape(-1, logits.shape[-1]).mean(0)
    return centre * momentum + mean.view_as(centre) * (1 - momentum)


def dino_loss(
    student: Sequence[Tensor], targets: Sequence[Tensor], *, temperature: float = 0.1
) -> Tensor:
    """Cross-entropy of every student view with every teacher view, summed over the pairs of views.

    Parameters
    ----------
    student : of (B, K)
        Logits, one tensor for each view.
    targets : of (B, K)
        `centred_targets` of the same items, one tensor for each view.
    """
    rows = [functional.log_softmax(logits / temperature, dim=-1) for logits in student]
    losses = [-(target * row).sum(-1).mean() for row in rows for target in targets]
    return torch.stack(losses).sum()


def ibot_loss(
    student: Tensor, targets: Tensor, masked_patches: Tensor, *, temperature: float = 0.1
) -> Tensor:
    """Cross-entropy of masked patches, averaged over the patches of an image and then over images.

    Parameters
    ----------
    student, targets : (M, K)
        Logits and targets of the masked patches of all images, image by image.
    masked_patches : (B, N) bool
        True for masked patches; an image without any counts as an image with loss 0.
    """
    losses = -(targets * functional.log_softmax(student / temperature, dim=-1)).sum(-1)  # (M,)
    n_masked = masked_patches.sum(1, keepdim=True).clamp(min=1)
    weights = (1 / n_masked).expand(masked_patches.shape)[masked_patches]
    return (losses * weights).sum() / len(masked_patches)


def koleo_loss(vectors: Tensor) -> Tensor:
    """KoLeo regulariser: minus the mean log distance of vectors (B, D) to their nearest neighbour.

    It is low where vectors are spread out: an estimate of minus their entropy on the unit sphere
    (Kozachenko and Leonenko).
    """
    rows = functional.normalize(vectors, dim=-1, eps=SMALLEST_DISTANCE)
    with torch.no_grad():
        cosines = (rows @ rows.T).fill_diagonal_(-1)
        nearest = cosines.argmax(1)
    distances = functional.pairwise_distance(rows, rows[nearest], eps=SMALLEST_DISTANCE)
    return -torch.log(distances + SMALLEST_DISTANCE).mean()
