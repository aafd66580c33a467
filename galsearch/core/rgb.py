"""Colours as the Legacy Surveys viewer shows them (legacypipe's `dr2` style, grz)."""

import numpy as np
import numpy.typing as npt

SCALES = {"g": 6.0, "r": 3.4, "z": 2.2}
"""Multipliers of nanomaggies per pixel; g becomes blue, r green, z red."""
OFFSET, Q = 0.03, 20.0


def legacy_rgb(flux: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """(..., 3, ny, nx) float32 in 0 .. 1, planes red (z), green (r), blue (g).

    v = flux * scale + 0.03 a band; I = mean of max(0, v); v * (arcsinh(20 I) / sqrt(20)) / I,
    clipped. Where I is 0 the divisor is 1e-6, as in AstroCLIP's ToRGB.

    Parameters
    ----------
    flux : (..., 3, ny, nx)
        Nanomaggies per 0.262 arcsec pixel in the order g, r, z.

    Examples
    --------
    >>> legacy_rgb(np.zeros((3, 1, 1))).ravel().round(3)
    array([0.127, 0.127, 0.127], dtype=float32)
    """
    scales = np.array([SCALES[band] for band in "grz"], np.float32)[:, None, None]
    values = np.asarray(flux, dtype=np.float32) * scales + np.float32(OFFSET)
    intensity = np.maximum(values, 0).mean(axis=-3, keepdims=True)
    stretched = np.arcsinh(np.float32(Q) * intensity) / np.float32(np.sqrt(Q))
    divisor = np.where(intensity == 0, np.float32(1e-6), intensity)
    planes = np.clip(values * (stretched / divisor), 0, 1)
    return np.asarray(planes[..., ::-1, :, :], dtype=np.float32)
