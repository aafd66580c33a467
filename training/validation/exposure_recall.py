"""Recall among stored exposures: across modalities, and of another exposure of the same galaxy."""

import numpy as np
import torch
from torch import Tensor, nn

from galsearch.core.modality import Modality
from training.validation.pair_recall import recall_at_10


@torch.inference_mode()
def exposure_recall(embedded: dict[Modality, Tensor], pool: int, scale: Tensor) -> dict[str, float]:
    """Recall@10 across modalities, and the share of exposures that another one finds first.

    Parameters
    ----------
    embedded : (n, 2, E)
        Embeddings of both exposures of n galaxies in each modality.
    pool
        Number of galaxies in a pool; scores are means over pools.
    scale
        Multiplies the cosines of the loss.
    """
    unit = {modality: nn.functional.normalize(rows, dim=-1) for modality, rows in embedded.items()}
    n = len(unit[Modality.IMAGE])
    found: dict[str, list[float]] = {}
    for start in range(0, max(n - pool, 0) + 1, pool):
        image, spectrum = (unit[modality][start : start + pool] for modality in Modality)
        similarity = image[:, 0] @ spectrum[:, 0].T
        truth = torch.arange(len(similarity), device=similarity.device)
        cross_entropy = nn.functional.cross_entropy
        scores = {
            "image_to_spectrum_recall_at_10": recall_at_10(similarity),
            "spectrum_to_image_recall_at_10": recall_at_10(similarity.T),
            "image_finds_itself": _found_first(image[:, 1] @ image[:, 0].T),
            "spectrum_finds_itself": _found_first(spectrum[:, 1] @ spectrum[:, 0].T),
            "validation_loss": float(
                (
                    cross_entropy(scale * similarity, truth)
                    + cross_entropy(scale * similarity.T, truth)
                )
                / 2
            ),
        }
        for name, value in scores.items():
            found.setdefault(name, []).append(value)
    means = {name: float(np.mean(values)) for name, values in found.items()}
    return {**means, "pool": float(min(pool, n))}


def _found_first(similarity: Tensor) -> float:
    """Share of the rows of a similarity (n, n) whose diagonal is the largest; ties count against
    it.
    """
    others = similarity - torch.diag(torch.full((len(similarity),), torch.inf)).to(similarity)
    return float((similarity.diagonal() > others.max(dim=1).values).float().mean())
