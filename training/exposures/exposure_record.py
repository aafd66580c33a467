"""One object of a set of exposures: two prepared images and two prepared spectra in 113 kB.

Images are stretched as for the encoder (`prepare_images`), after masked pixels were filled, and
stored in one byte a pixel. The steps are less than half of the noise of the deepest images.
They are larger than the encoder's crop, so that training can shift them by a few pixels. Spectra
are the tokens of `prepare_spectra` in half precision.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.arrays import BoolArray, Float32Array, UInt8Array
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, ModelConfig
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra

N_EXPOSURES = 2
SIDE_PIXELS = 108
"""Side of a stored image: 96 pixels that the encoder sees, and 6 on each side for shifts."""
LOWEST, STEP = -1.0, 0.02
"""Stretched flux of byte 0, and the difference between two bytes; the largest value is 4.1, a
surface brightness of 14.5 mag per square arcsecond in r."""
_N_BANDS = 3
_TOKENS = (GALSEARCH_SMALL.spectrum.max_tokens, GALSEARCH_SMALL.spectrum.n_features)  # type: ignore[union-attr]

EXPOSURES = np.dtype(
    [
        ("target_id", np.int64),
        ("sample", "S12"),
        ("z", np.float32),
        ("mag_r", np.float32),
        ("ebv", np.float32),
        ("north", np.bool_, (N_EXPOSURES,)),
        ("image", np.uint8, (N_EXPOSURES, _N_BANDS, SIDE_PIXELS, SIDE_PIXELS)),
        ("mask", np.uint8, (N_EXPOSURES, -(-_N_BANDS * SIDE_PIXELS**2 // 8))),
        ("spectrum", np.float16, (N_EXPOSURES, *_TOKENS)),
    ]
)
"""Record of one object: redshift, r magnitude without the Milky Way's dust, E(B-V), True for
exposures of the northern cameras, bytes of the images, bits of their masks, and tokens of the
spectra."""


def preparation() -> dict[str, object]:
    """Plain values on which the stored pixels depend besides the sky, for the record of a set."""
    return {
        "version": GALSEARCH_SMALL.preparation_version,
        "side_pixels": SIDE_PIXELS,
        "spectrum": str(GALSEARCH_SMALL.spectrum),
    }


def encode_images(flux: Float32Array, mask: BoolArray) -> tuple[UInt8Array, UInt8Array]:
    """Bytes (B, 3, 108, 108) of images, and the bits of their masks, (B, 4374).

    Parameters
    ----------
    flux : (B, 3, ny, nx)
        Nanomaggies per pixel, of 108 pixels a side or more.
    mask : (B, 3, ny, nx)
        True for pixels without a measurement.
    """
    stretched = prepare_images(flux, mask, _wide_config()).numpy()
    codes = np.clip(np.rint((stretched - LOWEST) / STEP), 0, 255).astype(np.uint8)
    low = (flux.shape[-1] - SIDE_PIXELS) // 2
    inside = mask[..., low : low + SIDE_PIXELS, low : low + SIDE_PIXELS]
    return codes, np.packbits(inside.reshape(len(mask), -1), axis=1)


def decode_images(codes: npt.NDArray[np.uint8]) -> Tensor:
    """Stretched images (..., 3, 108, 108) float32 as `prepare_images` returns them."""
    return torch.from_numpy(codes.astype(np.float32)).mul_(STEP).add_(LOWEST)


def decode_masks(bits: npt.NDArray[np.uint8]) -> Tensor:
    """Masks (..., 3, 108, 108) of images, True for pixels without a measurement."""
    n_pixels = _N_BANDS * SIDE_PIXELS**2
    mask = np.unpackbits(bits, axis=-1, count=n_pixels).astype(bool)
    return torch.from_numpy(mask.reshape(*bits.shape[:-1], _N_BANDS, SIDE_PIXELS, SIDE_PIXELS))


def encode_spectra(
    flux: Float32Array, ivar: Float32Array, dtype: npt.DTypeLike = np.float16
) -> npt.NDArray[np.floating]:
    """Tokens (B, 65, 132) of spectra on the DESI grid; ivar 0 masks a pixel."""
    tokens = prepare_spectra(flux, ivar, None, GALSEARCH_SMALL).numpy()
    return np.asarray(tokens, dtype=dtype)


def object_number(chunk: int, rows: Sequence[int], per_chunk: int) -> npt.NDArray[np.int64]:
    """Identifiers (n,) of objects, which stand for their TARGETIDs in the division into splits."""
    return np.asarray(rows, dtype=np.int64) + 1 + chunk * per_chunk


def _wide_config() -> ModelConfig:
    assert GALSEARCH_SMALL.image is not None  # noqa: S101 (for the type checker)
    image = dataclasses.replace(GALSEARCH_SMALL.image, image_size=SIDE_PIXELS)
    return dataclasses.replace(GALSEARCH_SMALL, image=image)
