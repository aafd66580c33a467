"""Random features of images and spectra: a baseline that needs no training and no download.

Images: three layers of random convolutions (He et al. 2015 initialisation, never trained) on the
asinh-stretched centre, averaged over the whole, the inner half and the inner quarter, and their
standard deviation: 1024 features. Spectra: 256 principal components of asinh(flux / scale),
fitted on training spectra, and the logarithm of the scale: 257 features. `trained_heads.py`
trains a head on them.

This baseline is weak: R@10 .10 and .11 in pools of 2,000 with 20,000 training pairs. The plain
features of `plain_features.py` with the same head reach .27 with 1,400 pairs and .32 with 2,800.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.downstream.data.labelled_galaxies import Galaxies
from benchmarks.downstream.data.network_inputs import ImageInput, prepare_all, spectrum_input
from benchmarks.retrieval.plain_features import aperture_magnitudes, wide_bins
from galsearch.core.arrays import BoolArray, Float32Array, Rows, TargetIds
from galsearch.core.progress import Progress, no_progress
from galsearch.dataset import GalaxyBatch

N_COMPONENTS, N_FOR_PCA = 256, 4000


class RandomConvolutions(nn.Module):
    """Convolutional network of random weights that are never trained."""

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
        """(B, 1024) random features of images (B, 3, H, W)."""
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


def compute_features(
    galaxies: Galaxies,
    target_ids: TargetIds,
    train: BoolArray,
    *,
    seed: int,
    progress: Progress = no_progress,
) -> dict[str, Float32Array]:
    """Random and plain features of galaxies by ascending TARGETID, from one pass over the pixels.

    Parameters
    ----------
    target_ids : (n,)
        Ascending.
    train : (n,) bool
        True for training galaxies, on which the principal components are fitted.

    Returns
    -------
    dict
        "image" (n, 1024) and "spectrum" (n, 257) random features; "apertures" (n, 15) and
        "wide_bins" (n, 38) plain features of `plain_features.py`.
    """
    network = RandomConvolutions(seed)
    image_input = ImageInput(96, 1)

    def convolved(batch: GalaxyBatch) -> Float32Array:
        features = network(torch.from_numpy(image_input.prepare(batch)).float())
        return np.asarray(features.numpy(), dtype=np.float32)

    made = prepare_all(
        galaxies,
        target_ids,
        {
            "image": convolved,
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
) -> Float32Array:
    """(rows, n) projections of spectra (rows, pixels) on the `n` leading principal components of at
    most 4,000 training spectra.
    """
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
