"""Scores of a spectrum backbone on validation spectra: reconstruction loss and redshift errors."""

import torch
from torch import Tensor

from galsearch.core.arrays import Rows
from training.data.galaxy_arrays import HalfPrecisionArray
from training.objectives.masked_spectra import MaskingObjective
from training.objectives.reconstructor import Reconstructor, reconstruction_loss
from training.objectives.redshift_head import most_probable_redshift

MASK_SEED = 20_240_531
"""Seed of the hidden stretches: all validations hide the same stretches, so their losses can be
compared.
"""
BATCH_SIZE = 64
"""Number of spectra that go through the network at once."""


@torch.inference_mode()
def validation_loss(
    reconstructor: Reconstructor,
    objective: MaskingObjective,
    pixels: HalfPrecisionArray,
    rows: Rows,
    device: torch.device,
) -> float:
    """The mean masked-modelling loss of validation spectra."""
    generator = torch.Generator().manual_seed(MASK_SEED)
    total = 0.0
    for start in range(0, len(rows), BATCH_SIZE):
        some = rows[start : start + BATCH_SIZE]
        masked = objective.mask(pixels.take(some), generator).to(device)
        total += len(some) * float(reconstruction_loss(reconstructor, objective, masked)[0])
    return total / len(rows)


@torch.inference_mode()
def redshift_errors(
    reconstructor: Reconstructor,
    pixels: HalfPrecisionArray,
    rows: Rows,
    z: Tensor,
    device: torch.device,
) -> dict[str, float]:
    """Scatter (NMAD) of the most probable redshifts, and the share of errors above 0.005.

    Both are in units of dz / (1 + z), for whole spectra whose redshift `z` is known.
    """
    backbone = reconstructor.spectrum_backbone
    logits = [
        backbone.redshift_log_odds(pixels.take(rows[i : i + BATCH_SIZE]).to(device)).cpu()
        for i in range(0, len(rows), BATCH_SIZE)
    ]
    true = z[torch.from_numpy(rows)]
    found = most_probable_redshift(torch.cat(logits), backbone.templates.bin_width)
    error = ((found - true) / (1 + true))[torch.isfinite(true)]
    scatter = (error - error.median()).abs().median() * 1.4826
    return {
        "redshift_nmad": float(scatter),
        "redshift_over_0.005": float((error.abs() > 0.005).float().mean()),
    }


@torch.inference_mode()
def mean_tokens(
    reconstructor: Reconstructor, pixels: HalfPrecisionArray, rows: Rows, device: torch.device
) -> Tensor:
    """(len(rows), D) mean tokens of whole spectra, which serve as their embeddings."""
    return torch.cat(
        [
            reconstructor.backbone(pixels.take(rows[i : i + BATCH_SIZE]).to(device)).mean(1).cpu()
            for i in range(0, len(rows), BATCH_SIZE)
        ]
    )
