"""Contributions of patches and stretches by gradients of the cosine, beside those by removal.

Gradients need the plain network, which the encoders of inference do not offer.
"""

from importlib import resources
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from galsearch.analysis.explanation.compared_galaxy import ComparedGalaxy
from galsearch.core.arrays import Float64Array, Vectors
from galsearch.encoders.checkpoint import read
from galsearch.encoders.encoder import EncoderPair
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra
from galsearch.query.inputs.own_data.own_image import OwnImage


class GradientContributions:
    """Integrated gradients of the cosine, summed over the pixels of each part.

    The parts are those of the network's tokens: for `galsearch-small`, 8 x 8 patches and 64
    stretches of equal width in log wavelength, as in `galsearch.analysis.explanation`.

    Parameters
    ----------
    pair
        Encoders of the weights that come with galsearch.
    """

    def __init__(self, pair: EncoderPair) -> None:
        folder = Path(str(resources.files("galsearch.encoders") / "pretrained"))
        self._model = read(folder / f"{pair.name}.safetensors").eval()

    def of(self, galaxy: ComparedGalaxy, other: Vectors, *, n_steps: int) -> Float64Array:
        """(n,) contributions of the parts of a galaxy to its cosine with a vector.

        Parameters
        ----------
        galaxy
            The galaxy.
        other : (d,)
            Unit vector of the other galaxy.
        n_steps
            Number of points between the blank input and the input; with 1 the gradient is taken at
            the input.
        """
        own, config = galaxy.own, self._model.config
        if isinstance(own, OwnImage):
            mask = np.asarray(own.cutout.mask)
            inputs = prepare_images(own.cutout.flux[None], mask[None], config)
            blank, network = torch.zeros_like(inputs), self._model.image
        else:
            spectrum = own.spectrum
            arrays = (spectrum.flux[None], spectrum.ivar[None], np.asarray(spectrum.mask)[None])
            inputs = prepare_spectra(*arrays, config)
            blank, network = inputs.clone(), self._model.spectrum
            assert config.spectrum is not None  # noqa: S101 (there is a spectrum encoder)
            first = config.spectrum.n_summary
            flux = slice(first, first + config.spectrum.slice_length)
            blank[:, 1:, flux] = 0
        gradient = torch.zeros_like(inputs)
        for step in range(n_steps):
            share = 1.0 if n_steps == 1 else (step + 0.5) / n_steps
            point = (blank + share * (inputs - blank)).requires_grad_()
            cosine = functional.normalize(network(point), dim=-1) @ torch.from_numpy(other)
            (found,) = torch.autograd.grad(cosine.sum(), point)
            gradient += found / n_steps
        return _by_part((gradient * (inputs - blank))[0])


def _by_part(values: Tensor) -> Float64Array:
    """Sums over patches of 12 x 12 pixels of an image, or over the slices of a spectrum."""
    if values.ndim == 2:
        return np.asarray(values[1:].sum(dim=1).double().numpy())
    n_side = values.shape[-1] // 12
    tiles = values.sum(dim=0).reshape(n_side, 12, n_side, 12)
    return np.asarray(tiles.sum(dim=(1, 3)).flatten().double().numpy())
