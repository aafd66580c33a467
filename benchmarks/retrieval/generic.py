"""A generic pair of towers that needs no download: random convolutions and principal components.

Images: three layers of random convolutions (He et al. 2015 initialisation, never trained) on the
asinh-stretched centre, averaged over the whole, the inner half and the inner quarter, and their
deviation: 1024 numbers. Spectra: 256 principal components of asinh(flux / scale), fitted on
training spectra, and the logarithm of the scale. On both a head is trained by InfoNCE: a layer of
512, ReLU, dropout, a layer of 128; validation galaxies choose its epoch.
"""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.downstream.data.labelled_galaxies import Galaxies
from benchmarks.downstream.data.network_inputs import ImageInput, prepare_all, spectrum_input
from benchmarks.downstream.models.neighbour_regression import standardised
from benchmarks.downstream.models.network_fitting import set_rate
from benchmarks.retrieval.plain_features import aperture_magnitudes, wide_bins
from benchmarks.retrieval.ranks import ranks
from galsearch.dataset import GalaxyBatch
from training.objectives.clip_loss import clip_loss

NAME = "random convolutions and PCA, trained head"
N_COMPONENTS, N_FOR_PCA = 256, 4000
HIDDEN, DIM = 512, 128

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Progress = Callable[[str, int, int], None]


class RandomConvolutions(nn.Module):
    """A frozen network of random weights."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        shapes = ((64, 3, 7), (128, 64, 3), (256, 128, 3))
        self.layers = nn.ParameterList(
            nn.Parameter(
                torch.randn(n_out, n_in, k, k, generator=generator) * (2 / (n_in * k * k)) ** 0.5,
                requires_grad=False,
            )
            for n_out, n_in, k in shapes
        )

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, 1024)."""
        x = images
        for weight in self.layers:
            x = functional.relu(
                functional.conv2d(x, weight, stride=2, padding=weight.shape[-1] // 2)
            )
        side = x.shape[-1]
        parts = []
        for share in (1, 2, 4):
            low = (side - max(side // share, 1)) // 2
            inner = x[..., low : side - low, low : side - low]
            parts.append(inner.mean(dim=(2, 3)))
        return torch.cat([*parts, x.std(dim=(2, 3))], dim=1)


def features(
    galaxies: Galaxies,
    target_ids: Rows,
    train: npt.NDArray[np.bool_],
    *,
    seed: int,
    progress: Progress = lambda *_: None,
) -> dict[str, Floats]:
    """(n, 1024) of images and (n, 257) of spectra, by ascending TARGETID; and, from the same pass,
    what `plain.py` measures: `apertures` and `wide bins`.
    """
    network = RandomConvolutions(seed)
    of_image = ImageInput(96, 1)

    def images(batch: GalaxyBatch) -> Floats:
        seen = network(torch.from_numpy(of_image.prepare(batch)).float())
        return np.asarray(seen.numpy(), dtype=np.float32)

    made = prepare_all(
        galaxies,
        target_ids,
        {
            "image": images,
            "pixels": lambda batch: spectrum_input(batch)[0],
            "scale": lambda batch: spectrum_input(batch)[1],
            "apertures": aperture_magnitudes,
            "wide_bins": wide_bins,
        },
        progress=progress,
    )
    components = principal_components(made["pixels"], np.flatnonzero(train), seed)
    spectrum = np.concatenate([components, made["scale"]], axis=1).astype(np.float32)
    return {
        "image": made["image"],
        "spectrum": spectrum,
        "apertures": made["apertures"],
        "wide_bins": made["wide_bins"],
    }


def principal_components(
    pixels: npt.NDArray[np.floating], train: Rows, seed: int, n: int = N_COMPONENTS
) -> Floats:
    """(rows, n) projections on the leading components of at most 4,000 training rows."""
    some = np.random.default_rng(seed).permutation(train)[:N_FOR_PCA]
    sample = torch.from_numpy(pixels[np.sort(some)].astype(np.float32))
    mean = sample.mean(dim=0)
    torch.manual_seed(seed)
    n = min(n, *sample.shape)
    _, _, basis = torch.pca_lowrank(sample - mean, q=n, center=False, niter=2)
    parts = [
        (torch.from_numpy(pixels[low : low + 1024].astype(np.float32)) - mean) @ basis
        for low in range(0, len(pixels), 1024)
    ]
    return np.asarray(torch.cat(parts).numpy())


class Heads(nn.Module):
    """One small network a modality, into one space, and the loss's scale."""

    def __init__(self, n_image: int, n_spectrum: int) -> None:
        super().__init__()
        self.image, self.spectrum = (
            nn.Sequential(nn.Linear(n, HIDDEN), nn.ReLU(), nn.Dropout(0.1), nn.Linear(HIDDEN, DIM))
            for n in (n_image, n_spectrum)
        )
        self.log_scale = nn.Parameter(torch.tensor(15.5).log())

    def loss(self, image: Tensor, spectrum: Tensor) -> Tensor:
        """InfoNCE with a learned scale of at most 100."""
        scale = self.log_scale.clamp(max=float(np.log(100))).exp()
        return clip_loss(self.image(image), self.spectrum(spectrum), scale)


def train_heads(
    image: Floats,
    spectrum: Floats,
    train: Rows,
    validation: Rows,
    *,
    epochs: int,
    batch_size: int = 512,
    learning_rate: float = 1e-3,
    seed: int = 1,
    progress: Progress = lambda *_: None,
) -> tuple[Floats, Floats, list[dict[str, float]]]:
    """(n, 128) unit rows of both modalities, and how training went.

    The epoch with the most partners among the ten nearest of all validation galaxies is kept.
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
        one, other = vectors(heads, *(x[validation] for x in inputs))
        recall = float((ranks(one @ other.T) <= 10).mean())
        curve.append({"loss": round(float(np.mean(losses)), 4), "validation_r10": round(recall, 4)})
        if recall > best:
            best, state = recall, copy.deepcopy(heads.state_dict())
        progress("training the generic head", epoch + 1, epochs)
    heads.load_state_dict(state)
    return (*vectors(heads, *inputs), curve)


@torch.inference_mode()
def vectors(heads: Heads, image: Tensor, spectrum: Tensor) -> tuple[Any, Any]:
    """Unit rows of both modalities, without dropout."""
    heads.eval()
    one, other = heads.image(image), heads.spectrum(spectrum)
    return (
        functional.normalize(one, dim=1).numpy(),
        functional.normalize(other, dim=1).numpy(),
    )
