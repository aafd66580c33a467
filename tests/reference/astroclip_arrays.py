"""Embeddings from arrays in the layout of AstroCLIP's dataset, before they are normalised."""

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from galsearch.core.arrays import Float32Array
from galsearch.core.modality import Modality
from galsearch.encoders.encoder import ImageEncoder, SpectrumEncoder, network_outputs
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra
from training.objectives.clip_loss import SMALLEST_NORM


def encode(
    encoder: ImageEncoder | SpectrumEncoder,
    arrays: npt.ArrayLike,
    *,
    mask: npt.ArrayLike | None = None,
    normalise: bool = False,
) -> Float32Array:
    """(B, d) float32 network outputs.

    Parameters
    ----------
    encoder
        One encoder of a pair.
    arrays : (B, nx, ny, 3) images or (B, pixels) or (B, pixels, 1) spectra
        Images have axes x, y, band; the package's own methods take band, y, x.
    mask : like arrays, optional
        True = no measurement.
    normalise
        Divide each row by its norm, or by 0.001 where it is shorter, as AstroCLIP's loss does.
    """
    values = np.asarray(arrays)
    bad = None if mask is None else np.asarray(mask)
    if encoder.modality is Modality.IMAGE:
        bad = None if bad is None else bad.transpose(0, 3, 2, 1)
        inputs = prepare_images(values.transpose(0, 3, 2, 1), bad, encoder.config)
    else:
        inputs = prepare_spectra(values.reshape(values.shape[:2]), None, bad, encoder.config)
    vectors = network_outputs(encoder, inputs)
    if not normalise:
        return vectors
    return functional.normalize(torch.from_numpy(vectors), dim=-1, eps=SMALLEST_NORM).numpy()
