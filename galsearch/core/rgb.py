"""RGB colours of images in the style of the Legacy Surveys viewer (legacypipe's `dr2`, grz)."""

import numpy as np
import numpy.typing as npt

SCALES = {"g": 6.0, "r": 3.4, "z": 2.2}
"""Factor by which the flux of each band is multiplied; g becomes blue, r green and z red."""
OFFSET, Q = 0.03, 20.0


def legacy_rgb(flux: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """RGB planes of an image: red (z), green (r) and blue (g), each between 0 and 1.

    With v = flux * scale + 0.03 for each band and I = mean of max(0, v) over the bands, a plane
    is v * (arcsinh(20 I) / sqrt(20)) / I, clipped to 0 .. 1. Where I is 0 the divisor is 1e-6, as
    in AstroCLIP's `ToRGB`.

    Parameters
    ----------
    flux : (..., 3, ny, nx)
        Nanomaggies per pixel of 0.262 arcsec, bands in the order g, r, z.

    Returns
    -------
    (..., 3, ny, nx) float32

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


def legacy_flux(
    rgb: npt.NDArray[np.floating],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Flux of an image from its colours: the inverse of `legacy_rgb`.

    The mean of the three planes is arcsinh(20 I) / sqrt(20), which gives I, and with it the flux
    of each band. A colour that was clipped at 1 gives a flux that is too small, and one that was
    clipped at 0 a flux that is too large.

    Parameters
    ----------
    rgb : (..., 3, ny, nx)
        Planes between 0 and 1: red (z), green (r) and blue (g).

    Returns
    -------
    flux : (..., 3, ny, nx) float32
        Nanomaggies per pixel of 0.262 arcsec, bands in the order g, r, z.
    clipped : (..., ny, nx)
        True where a colour is 1 or more.

    Examples
    --------
    >>> flux, clipped = legacy_flux(legacy_rgb(np.full((3, 1, 1), 0.05)))
    >>> flux.ravel().round(4), clipped
    (array([0.05, 0.05, 0.05], dtype=float32), array([[False]]))
    """
    planes = np.asarray(rgb, dtype=np.float32)
    mean = planes.mean(axis=-3, keepdims=True)
    intensity = np.sinh(mean * np.float32(np.sqrt(Q))) / np.float32(Q)
    # The limit of I / mean for a black pixel is 1 / sqrt(20).
    divisor = np.where(mean == 0, np.float32(1), mean)
    factor = np.where(mean == 0, np.float32(1 / np.sqrt(Q)), intensity / divisor)
    scales = np.array([SCALES[band] for band in "grz"], np.float32)[:, None, None]
    flux = (planes[..., ::-1, :, :] * factor - np.float32(OFFSET)) / scales
    return np.asarray(flux, np.float32), np.asarray((planes >= 1).any(axis=-3))
