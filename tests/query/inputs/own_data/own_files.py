"""Files of images and spectra that tests give as queries, and an encoder that needs no torch."""

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from galsearch.core.cutout import Cutout
from galsearch.sources import write_cutout

SURVEY_NOISE = np.array([0.0025, 0.004, 0.0125])[:, None, None]


def galaxy(size: int = 152, scale: float = 0.262, *, noise: float = 1.0) -> np.ndarray:
    """(3, size, size) nanomaggies: a Gaussian of 20 nanomaggies in each band, with noise."""
    y, x = (np.mgrid[:size, :size] - (size - 1) / 2) * scale
    profile = np.exp(-(x**2 + y**2) / 8)
    flux = 20 * np.stack([profile] * 3) / profile.sum()
    return flux + noise * SURVEY_NOISE * np.random.default_rng(1).normal(size=flux.shape)


def write_galaxy(path: Path, flux: np.ndarray, *, scale: float = 0.262, bands: str = "grz") -> Path:
    write_cutout(path, Cutout(flux, tuple(bands), scale, 7.0, 0.0), target_id=None)
    return path


def write_sdss(path: Path, *, in_vacuum: bool = True, **columns: Any) -> Path:
    loglam = 3.58 + 1e-4 * np.arange(3800)
    values = {"flux": np.full(3800, 5.0), "loglam": loglam, "ivar": np.full(3800, 2.0), **columns}
    table = fits.BinTableHDU.from_columns(
        [fits.Column(name, "E", array=v) for name, v in values.items() if v is not None],
        name="COADD",
    )
    found = {"PLUG_RA": 7.0, "PLUG_DEC": 0.0, "Z": 0.1}
    of_object = fits.BinTableHDU.from_columns(
        [fits.Column(name, "D", array=[value]) for name, value in found.items()], name="SPECOBJ"
    )
    primary = fits.PrimaryHDU()
    primary.header["VACUUM"] = in_vacuum
    fits.HDUList([primary, table, of_object]).writeto(path, overwrite=True)
    return path


class FakeEncoder:
    """Embeds an image or spectrum as the means of 16 pieces of its flux."""

    precision = "fp32"
    dim = 16

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.calibrated: bool | None = None

    def embed(self, flux: Any, *_: Any, calibrated: bool = True) -> np.ndarray:
        self.calibrated = calibrated
        pieces = np.array_split(np.asarray(flux, float).reshape(-1), 16)
        vector = np.array([piece.mean() for piece in pieces])
        return (vector / np.linalg.norm(vector))[None].astype(np.float32)


class FakePair:
    """A pair of encoders with the fingerprint of the index of the tests."""

    name = "fake"

    def __init__(self, fingerprint: str = "a" * 64) -> None:
        self.image = self.spectrum = FakeEncoder(fingerprint)
