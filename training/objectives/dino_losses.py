"""Self-distillation of images (DINOv2, AstroDINO): a student follows the average of its past.

Logits are those of `PrototypeHead`. The published weights are DINO 1, iBOT 1, KoLeo 0.1, the
student's temperature 0.1, centring with momentum 0.9.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

SMALLEST_DISTANCE = 1e-8


def centred_targets(logits: Tensor, centre: Tensor, temperature: float) -> Tensor:
    """(..., K): what the teacher asks for, sharpened by its temperature around the centre."""
    return torch.softmax((logits - centre) / temperature, dim=-1)


def moved_centre(centre: Tensor, logits: Tensor, *, momentum: float = 0.9) -> Tensor:
    """The centre after a batch of the teacher's logits (..., K), of the centre's own shape."""
    mean = logits.reshape(-1, logits.shape[-1]).mean(0)
    return centre * momentum + mean.view_as(centre) * (1 - momentum)


def dino_loss(
    student: Sequence[Tensor], targets: Sequence[Tensor], *, temperature: float = 0.1
) -> Tensor:
    """The cross-entropy of every student view with every teacher view, summed over the pairs.

    Parameters
    ----------
    student : of (B, K)
        Logits, one tensor a view.
    targets : of (B, K)
        `centred_targets` of the same items, one tensor a view.
    """
    rows = [functional.log_softmax(logits / temperature, dim=-1) for logits in student]
    losses = [-(target * row).sum(-1).mean() for row in rows for target in targets]
    return torch.stack(losses).sum()


def ibot_loss(
    student: Tensor, targets: Tensor, masked_patches: Tensor, *, temperature: float = 0.1
) -> Tensor:
    """The cross-entropy of masked patches, averaged over an image's patches and then images.

    Parameters
    ----------
    student, targets : (M, K)
        Logits and targets of the masked patches of all images, image by image.
    masked_patches : (B, N) bool
        Which they are; an image without any counts as an image with loss 0.
    """
    losses = -(targets * functional.log_softmax(student / temperature, dim=-1)).sum(-1)  # (M,)
    n_masked = masked_patches.sum(1, keepdim=True).clamp(min=1)
    weights = (1 / n_masked).expand(masked_patches.shape)[masked_patches]
    return (losses * weights).sum() / len(masked_patches)


def koleo_loss(vectors: Tensor) -> Tensor:
    """How crowded the vectors (B, D) of a batch are: minus the mean log distance to the nearest.

    Kozachenko and Leonenko's estimate of entropy, on the unit sphere.
    """
    rows = functional.normalize(vectors, dim=-1, eps=SMALLEST_DISTANCE)
    with torch.no_grad():
        cosines = (rows @ rows.T).fill_diagonal_(-1)
        nearest = cosines.argmax(1)
    distances = functional.pairwise_distance(rows, rows[nearest], eps=SMALLEST_DISTANCE)
    return -torch.log(distances + SMALLEST_DISTANCE).mean()
