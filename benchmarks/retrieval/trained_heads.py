"""The trained head of the baselines: a small network for each modality into one vector space.

Each network is a layer of 512 units, ReLU, dropout and a layer of 128 units, trained by InfoNCE;
validation galaxies choose the epoch.
"""

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.downstream.models.neighbour_regression import standardised
from benchmarks.downstream.models.network_fitting import set_rate
from benchmarks.retrieval.ranks import ranks
from galsearch.core.arrays import Float32Array, Rows
from galsearch.core.progress import Progress, no_progress
from training.objectives.clip_loss import clip_loss

HIDDEN, DIM = 512, 128


class Heads(nn.Module):
    """Trained head of the baselines: one small network for each modality, and the learned scale of
    the loss.
    """

    def __init__(self, n_image: int, n_spectrum: int) -> None:
        super().__init__()
        self.image, self.spectrum = (
            nn.Sequential(nn.Linear(n, HIDDEN), nn.ReLU(), nn.Dropout(0.1), nn.Linear(HIDDEN, DIM))
            for n in (n_image, n_spectrum)
        )
        self.log_scale = nn.Parameter(torch.tensor(15.5).log())

    def loss(self, image: Tensor, spectrum: Tensor) -> Tensor:
        """InfoNCE loss (scalar) of paired features (B, f) and (B, g), with a learned scale of at
        most 100.
        """
        scale = self.log_scale.clamp(max=float(np.log(100))).exp()
        return clip_loss(self.image(image), self.spectrum(spectrum), scale)


def train_heads(
    image: Float32Array,
    spectrum: Float32Array,
    train: Rows,
    validation: Rows,
    *,
    epochs: int,
    batch_size: int = 512,
    learning_rate: float = 1e-3,
    seed: int = 1,
    progress: Progress = no_progress,
    name: str = "head",
) -> tuple[Float32Array, Float32Array, list[dict[str, float]]]:
    """(n, 128) unit vectors of images and of spectra from trained heads, and loss and validation
    recall of each epoch.

    The vectors are those of the epoch in which most partners were among the ten nearest of all
    validation galaxies.

    Parameters
    ----------
    image : (n, f)
    spectrum : (n, g)
        Features of the same galaxies, row by row.
    """
    inputs = [torch.from_numpy(standardised(array, train)) for array in (image, spectrum)]
    torch.manual_seed(seed)
    heads = Heads(image.shape[1], spectrum.shape[1])
    batches = max(1, len(train) // batch_size)
    optimiser = torch.optim.AdamW(heads.parameters(), lr=learning_rate, weight_decay=0.05)
    curve: list[dict[str, float]] = []
    best, state = -1.0, copy.deepcopy(heads.state_dict())
    generator = np.random.default_rng(seed)
    for epoch in range(epochs):
        heads.train()
        losses = []
        for number, rows in enumerate(np.array_split(generator.permutation(train), batches)):
            set_rate(optimiser, epoch * batches + number, epochs * batches, learning_rate)
            loss = heads.loss(*(x[rows] for x in inputs))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            losses.append(float(loss.detach()))
        one, other = unit_vectors(heads, *(x[validation] for x in inputs))
        recall = float((ranks(one @ other.T) <= 10).mean())
        curve.append({"loss": round(float(np.mean(losses)), 4), "validation_r10": round(recall, 4)})
        if recall > best:
            best, state = recall, copy.deepcopy(heads.state_dict())
        progress(name, epoch + 1, epochs)
    heads.load_state_dict(state)
    return (*unit_vectors(heads, *inputs), curve)


@torch.inference_mode()
def unit_vectors(heads: Heads, image: Tensor, spectrum: Tensor) -> tuple[Any, Any]:
    """(n, 128) unit vectors of images and of spectra, computed by trained heads without dropout."""
    heads.eval()
    one, other = heads.image(image), heads.spectrum(spectrum)
    return (
        functional.normalize(one, dim=1).numpy(),
        functional.normalize(other, dim=1).numpy(),
    )
