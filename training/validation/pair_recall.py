"""Recall of image-spectrum pairs among validation galaxies."""

import numpy as np
import torch
from torch import Tensor, nn

from galsearch.core.arrays import Rows
from galsearch.core.modality import Modality
from training.data.galaxy_arrays import HalfPrecisionArray
from training.objectives.clip_loss import clip_loss
from training.objectives.pair_encoders import PairEncoders

BATCH_SIZE = 100
"""Number of galaxies that are embedded at once."""


@torch.inference_mode()
def validate_pairs(
    encoders: PairEncoders,
    inputs: dict[Modality, HalfPrecisionArray],
    rows: Rows,
    pool: int,
    device: torch.device,
) -> dict[str, float]:
    """Recall@10 of a galaxy's spectrum from its image and of its image from its spectrum, and the
    InfoNCE loss, by name.

    Parameters
    ----------
    encoders
        Both encoders.
    inputs
        Inputs of both encoders for all galaxies.
    rows
        Rows of the validation galaxies.
    pool
        Number of galaxies in a pool. A galaxy's other modality is searched among those of its pool,
        and the scores are means over pools.
    device
        Device of the encoders.
    """
    encoders.eval()
    embedded = {
        modality: nn.functional.normalize(
            torch.cat(
                [
                    encoders.embed(modality, array.take(some).to(device))
                    for some in _parts(rows, BATCH_SIZE)
                ]
            ),
            dim=1,
        )
        for modality, array in inputs.items()
    }
    encoders.train()
    scale = encoders.model.logit_scale().to(device)
    found = []
    for positions in _parts(np.arange(len(rows)), pool)[: max(1, len(rows) // pool)]:
        image, spectrum = (embedded[m][torch.from_numpy(positions)] for m in Modality)
        similarity = image @ spectrum.T
        recalls = map(recall_at_10, (similarity, similarity.T))
        found.append([*recalls, float(clip_loss(image, spectrum, scale))])
    means = np.mean(found, axis=0)
    names = ("image_to_spectrum_recall_at_10", "spectrum_to_image_recall_at_10", "validation_loss")
    return {**dict(zip(names, map(float, means), strict=True)), "pool": float(min(pool, len(rows)))}


def recall_at_10(similarity: Tensor) -> float:
    """Recall@10 of pairs from the similarity (n, n) of queries (rows) with candidates (columns):
    the share of rows in which fewer than ten other columns are at least as similar as the diagonal.
    Ties count against the pair.
    """
    others = (similarity >= similarity.diagonal()[:, None]).sum(dim=1) - 1
    return float((others < 10).float().mean())


def _parts(rows: Rows, size: int) -> list[Rows]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
