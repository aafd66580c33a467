"""Pictures of real and simulated galaxies for a comparison by eye."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits
from PIL import Image

from benchmarks.realism.samples.simulated_survey import SimulatedSurvey
from galsearch.core.rgb import legacy_rgb

CREDIT = "images: Legacy Surveys / D. Lang (Perimeter Institute)"
_N = 20
_SIDE = 152
_GALAXY_ZOO_RADII = 17.0
"""Galaxy Zoo DECaLS images are 424 pixels of 0.04 half-light radii (Walmsley et al. 2022, MNRAS
509, 3966), so 17 half-light radii wide."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Content of one figure: blocks of RGB pictures (n, ny, nx, 3) with values in 0 .. 1, each
    block with a title.
    """

    name: str
    title: str
    rows: dict[str, list[npt.NDArray[np.floating]]]


def pictures(simulated: SimulatedSurvey, real: Path, seed: int) -> list[Pictures]:
    """Pictures of Galaxy Zoo galaxies beside simulated galaxies of r < 17, and of real native
    cutouts beside simulated ones.
    """
    rng = np.random.default_rng([seed, 9])
    bright = (simulated.truth["mag_r"] < 17.0) & (simulated.truth["r_eff_arcsec"] > 2.0)
    chosen = rng.permutation(np.flatnonzero(bright))[:_N]
    paths = sorted((real / "ls-zoobot-jpg").glob("*.jpg"))
    shown = [paths[i] for i in rng.permutation(len(paths))[:_N]]
    native = {
        "real, 0.262 arcsec": [_sky(_native(real, name)) for name in _NATIVE],
        "simulated, same scale": [
            _sky(simulated.cutout(int(row))) for row in chosen[: len(_NATIVE)]
        ],
    }
    faint = [
        rng.permutation(np.flatnonzero(simulated.sample(name)))[:8]
        for name in np.unique(simulated.truth["sample"])
    ]
    return [
        Pictures(
            "thumbnails.png",
            f"Galaxy Zoo DECaLS (left; {CREDIT}) and simulated galaxies of r < 17",
            {
                "real": [
                    np.asarray(Image.open(path).resize((_SIDE, _SIDE)), np.float32) / 255
                    for path in shown
                ],
                "simulated": [_zoomed(simulated, int(row)) for row in chosen],
            },
        ),
        Pictures("native_cutouts.png", f"{CREDIT}", native),
        Pictures(
            "samples.png",
            "Simulated galaxies by sample, 40 arcsec wide",
            {
                str(name): [_sky(simulated.cutout(int(row))) for row in rows]
                for name, rows in zip(np.unique(simulated.truth["sample"]), faint, strict=True)
            },
        ),
    ]


_NATIVE = ("457431_example_b", "d33102_temp_small")


def _native(real: Path, name: str) -> npt.NDArray[Any]:
    flux = np.asarray(fits.getdata(real / "ls-fits-cutouts" / f"{name}.fits"), np.float32)
    low = (flux.shape[1] - _SIDE) // 2
    return flux[:, low : low + _SIDE, low : low + _SIDE]


def _sky(flux: npt.NDArray[Any]) -> npt.NDArray[np.floating]:
    """RGB picture, north up as in sky viewers, from a cutout (3, ny, nx) in nanomaggies."""
    return np.ascontiguousarray(np.moveaxis(legacy_rgb(flux), 0, -1)[::-1])


def _zoomed(simulated: SimulatedSurvey, row: int) -> npt.NDArray[np.floating]:
    """Picture of a simulated galaxy, as wide as Galaxy Zoo would have shown it where the cutout is
    wide enough.
    """
    radius = float(simulated.truth["r_eff_arcsec"][row])
    half = int(np.clip(_GALAXY_ZOO_RADII * radius / 0.262 / 2, 20, _SIDE // 2))
    middle = slice(_SIDE // 2 - half, _SIDE // 2 + half)
    picture = Image.fromarray((255 * _sky(simulated.cutout(row))[middle, middle]).astype(np.uint8))
    return np.asarray(picture.resize((_SIDE, _SIDE)), np.float32) / 255
