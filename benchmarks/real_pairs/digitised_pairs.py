"""Real pairs digitised from published figures, and simulated pairs digitised in the same way.

An image is the picture of the Legacy Surveys viewer, whose stretch is inverted. A spectrum is the
middle and the envelope of its line in bins of ten pixels.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array
from galsearch.core.rgb import OFFSET, SCALES, Q, legacy_rgb
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM

PIXELS_PER_BIN = 10
SIGMAS_OF_ENVELOPE = 3.08
"""Mean range of ten normal numbers, in standard deviations."""
_SMOOTHING_BINS = 15
"""Number of bins over which the noise is a running median."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Images and spectra of the same galaxies, row by row."""

    names: list[str]
    flux: Float32Array
    """(n, 3, ny, nx) images in nanomaggies per 0.262 arcsec pixel, bands g, r, z."""
    mask: BoolArray
    """(n, 3, ny, nx) True where an image has no measurement."""
    spectrum_flux: Float32Array
    """(n, 7781) spectra on the DESI grid in 1e-17 erg / (s cm2 Angstrom)."""
    spectrum_ivar: Float32Array
    """(n, 7781) inverse variance, 0 where masked."""
    z: Float64Array
    """(n,) redshifts, NaN where not known."""

    def __len__(self) -> int:
        return len(self.names)


def read_digitised_pairs(folder: Path) -> Pairs:
    """The digitised DESI x Legacy Surveys pairs in a folder (`pairs-desi-ls`)."""
    rows = list(csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()))
    images = [flux_of_rgb(np.asarray(Image.open(folder / row["image"]))) for row in rows]
    with np.load(folder / "spectra.npz") as file:
        number = {str(name): i for i, name in enumerate(file["name"])}
        order = [number[row["name"]] for row in rows]
        wave, middle, low, high = (file[name] for name in ("wave", "mid", "lo", "hi"))
        spectra = spectra_of_bins(wave, middle[order], (high - low)[order])
    sound = [row["z_ok"] == "1" for row in rows]
    z = [float(row["z_digitised"]) if ok else np.nan for row, ok in zip(rows, sound, strict=True)]
    flux = np.stack(images)
    names = [row["name"] for row in rows]
    return Pairs(names, flux, np.zeros(flux.shape, bool), *spectra, np.array(z))


def flux_of_rgb(picture: npt.NDArray[np.uint8]) -> Float32Array:
    """Flux (3, ny, nx) in nanomaggies of a picture of the viewer, bands g, r, z.

    The inverse of `legacy_rgb`, exact to the rounding of the picture where no channel is 0 or 255.
    The flux of a saturated pixel is the lower limit that its channels state.

    Parameters
    ----------
    picture : (ny, nx, 3) uint8
        Red (z), green (r) and blue (g).
    """
    planes = np.moveaxis(picture[..., ::-1], 2, 0).astype(np.float64) / 255
    mean = np.maximum(planes.mean(axis=0), 1e-6)
    intensity = np.sinh(mean * np.sqrt(Q)) / Q
    scales = np.array([SCALES[band] for band in "grz"])[:, None, None]
    return np.asarray((planes * (intensity / mean) - OFFSET) / scales, dtype=np.float32)


def spectra_of_bins(
    wavelength: npt.NDArray[np.floating],
    middle: npt.NDArray[np.floating],
    envelope: npt.NDArray[np.floating],
) -> tuple[Float32Array, Float32Array]:
    """Flux and inverse variance (n, 7781) on the DESI grid of spectra in bins of ten pixels.

    The noise of a pixel is the width of the envelope over 3.08 (a running median of 15 bins), and
    noise of this size is added again, so that the pixels are as noisy as the published ones.

    Parameters
    ----------
    wavelength : (m,)
        Centres of the bins in Angstrom.
    middle, envelope : (n, m)
        Middle and width of the envelope of the pixels of each bin.
    """
    grid = DESI_WAVELENGTH_ANGSTROM
    half = _SMOOTHING_BINS // 2
    padded = np.pad(envelope, ((0, 0), (half, half)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _SMOOTHING_BINS, axis=1)
    sigma = np.maximum(np.median(windows, axis=2) / SIGMAS_OF_ENVELOPE, 1e-3)
    inside = (grid > wavelength[0]) & (grid < wavelength[-1])
    rng = np.random.default_rng(1)
    fluxes, ivars = [], []
    for line, noise in zip(middle, sigma, strict=True):
        error = np.interp(grid, wavelength, noise)
        flux = np.interp(grid, wavelength, line) + rng.normal(size=grid.size) * error
        fluxes.append(np.where(inside, flux, 0))
        ivars.append(np.where(inside, error**-2, 0))
    return np.stack(fluxes).astype(np.float32), np.stack(ivars).astype(np.float32)


def digitised(pairs: Pairs) -> Pairs:
    """Simulated pairs as they would be after publication in figures and digitisation."""
    images = [
        flux_of_rgb(np.rint(255 * np.moveaxis(legacy_rgb(flux), 0, 2)).astype(np.uint8))
        for flux in pairs.flux
    ]
    n_bins = DESI_WAVELENGTH_ANGSTROM.size // PIXELS_PER_BIN
    shape = (len(pairs), n_bins, PIXELS_PER_BIN)
    used = slice(0, n_bins * PIXELS_PER_BIN)
    pixels = pairs.spectrum_flux[:, used].reshape(shape)
    centres = DESI_WAVELENGTH_ANGSTROM[used].reshape(shape[1:]).mean(axis=1)
    low, high = pixels.min(axis=2), pixels.max(axis=2)
    flux = np.stack(images)
    spectra = spectra_of_bins(centres, (low + high) / 2, high - low)
    return Pairs(pairs.names, flux, np.zeros(flux.shape, bool), *spectra, pairs.z)
