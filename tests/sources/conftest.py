"""A coadd with few pixels, which is read and written in milliseconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.sources import write_coadd

PIXELS = {"b": (0, 12), "r": (8, 20), "z": (17, 30)}
"""First and last pixel on the DESI grid; b and r share four, r and z three."""


@pytest.fixture
def make_coadd(tmp_path: Path) -> Callable[..., str]:
    """A function that writes a coadd of galaxies 1, 2, 3, ... and returns its path.

    Further arguments replace those of write_coadd.
    """

    def make(n: int = 3, *, name: str = "coadd.fits", **changes: Any) -> str:
        rng = np.random.default_rng(n)
        arms = {}
        for arm, (start, stop) in PIXELS.items():
            shape = (n, stop - start)
            flux = rng.normal(size=shape).astype(np.float32)
            ivar = rng.uniform(0.5, 2.0, size=shape).astype(np.float32)
            wavelength = DESI_WAVELENGTH_ANGSTROM[start:stop]
            arms[arm] = (wavelength, flux, ivar, np.zeros(shape, np.int32))
        arguments: dict[str, Any] = {
            "target_ids": np.arange(1, n + 1),
            "ra_deg": 150.0 + np.arange(n),
            "dec_deg": np.full(n, 2.2),
            "arms": arms,
            "fibermap": {},
            "survey": "main",
            "program": "bright",
            "healpix": 26065,
        }
        write_coadd(tmp_path / name, **{**arguments, **changes})
        return str(tmp_path / name)

    return make
