"""Thumbnails and binned spectra of stored galaxies, from the local dataset."""

import json

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.core.spectrum import DESI_N_PIXELS
from galsearch.core.target_id import TargetId
from galsearch.http.answers.describe_answer import plain
from galsearch.http.state.served_index import ServedIndex
from galsearch.render.spectrum_plot import N_BINS, bin_spectrum
from galsearch.render.thumbnail import thumbnail_png

_SIZES = (16, 512)


def thumbnail_answer(served: ServedIndex, target_id: TargetId, size: int | None) -> bytes:
    """The PNG picture of a galaxy.

    Raises
    ------
    QueryError
        Where the size is none that pictures are made in.
    NoDatasetError, UnknownTargetError
        Where there is no dataset beside the index, or no image of the galaxy in it.
    """
    if size is not None and not _SIZES[0] <= size <= _SIZES[1]:
        raise QueryError(f"size is {size}; expected {_SIZES[0]} to {_SIZES[1]} pixels.")

    def make() -> bytes:
        batch = served.pixels(target_id, Modality.IMAGE)
        return thumbnail_png(batch.image_flux[0], batch.image_mask[0], size_pixels=size)

    return served.cached(("thumbnail", int(target_id), size), make)


def spectrum_answer(served: ServedIndex, target_id: TargetId, bins: int | None) -> bytes:
    """The JSON text of the spectrum of a galaxy in bins, null where nothing was measured.

    Raises
    ------
    QueryError
        Where the number of bins is none that the spectrum can have.
    NoDatasetError, UnknownTargetError
        Where there is no dataset beside the index, or no spectrum of the galaxy in it.
    """
    n_bins = N_BINS if bins is None else bins
    if not 1 <= n_bins <= DESI_N_PIXELS:
        raise QueryError(f"bins is {n_bins}; expected 1 to {DESI_N_PIXELS}.")

    def make() -> bytes:
        batch = served.pixels(target_id, Modality.SPECTRUM)
        ivar = np.where(batch.spectrum_mask[0], 0, batch.spectrum_ivar[0])
        wavelength, flux, error = bin_spectrum(batch.spectrum_flux[0], ivar, n_bins)
        table = {
            "target_id": str(target_id),
            "z": plain(float(batch.z[0])),
            "wavelength_angstrom": wavelength.round(2).tolist(),
            "flux": _numbers(flux),
            "error": _numbers(error),
        }
        return json.dumps(table, allow_nan=False).encode()

    return served.cached(("spectrum", int(target_id), n_bins), make)


def _numbers(values: npt.NDArray[np.float64]) -> list[float | None]:
    """Numbers of five digits, None for what is not finite."""
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in values]
