"""Real pairs of a picture of the Legacy Surveys viewer and an SDSS spectrum."""

from pathlib import Path

import numpy as np
from astropy.io import fits
from PIL import Image
from scipy import ndimage

from benchmarks.real_pairs.digitised_pairs import Pairs, flux_of_rgb
from benchmarks.realism.transfer.neighbour_redshifts import sdss_on_desi_grid
from galsearch.core.arrays import Float32Array
from galsearch.dataset.schema import PIXEL_SCALE_ARCSEC

PICTURE_SCALE_ARCSEC = 0.1


def read_sdss_pairs(folder: Path) -> Pairs:
    """The pairs in a folder (`pairs-sdss-ls`), matched by the object id in the spectrum's file."""
    spectra = {}
    for path in sorted(folder.glob("spec-*.fits")):
        with fits.open(path) as file:
            row = file[2].data[0]
            spectra[str(row["BESTOBJID"]).strip()] = (path, float(row["Z"]))
    pictures = sorted(folder.glob("*.jpeg"))
    images = [on_survey_pixels(flux_of_rgb(np.asarray(Image.open(p)))) for p in pictures]
    flux = np.stack(images)
    found = [sdss_on_desi_grid(spectra[path.stem][0]) for path in pictures]
    return Pairs(
        [path.stem for path in pictures],
        flux,
        np.zeros(flux.shape, bool),
        np.stack([one.flux for one in found]),
        np.stack([one.ivar for one in found]),
        np.array([spectra[path.stem][1] for path in pictures]),
    )


def on_survey_pixels(flux: Float32Array) -> Float32Array:
    """An image (3, n, n) with pixels of 0.1 arcsec, resampled to the survey's 0.262 arcsec.

    The viewer magnifies without a change of pixel values, so these are still nanomaggies per pixel
    of 0.262 arcsec. They are averaged over the new pixels.
    """
    step = PIXEL_SCALE_ARCSEC / PICTURE_SCALE_ARCSEC
    n = int(flux.shape[-1] / step)
    offset = (flux.shape[-1] - 1) / 2 - step * (n - 1) / 2
    y, x = np.mgrid[:n, :n] * step + offset
    smooth = [ndimage.uniform_filter(plane, round(step), mode="nearest") for plane in flux]
    planes = [ndimage.map_coordinates(plane, [y, x], order=1) for plane in smooth]
    return np.stack(planes).astype(np.float32)
