"""Positions and TARGETIDs of simulated galaxies; each chunk fills one HEALPix pixel of nside 64."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy_healpix import healpix_to_lonlat

from galsearch.core.arrays import Float64Array, Int64Array
from galsearch.core.errors import SimulationSettingError
from galsearch.core.target_id import TargetIdParts, encode_target_id
from galsearch.sources.legacy_surveys.brick_grid import brick_ids

NSIDE = 64
GALAXIES_PER_CHUNK = 50
_ORDER_IN_PIXEL = 23
"""Number of HEALPix levels from nside 64 = 2^6 to order 29, the finest order of HATS."""
HEMISPHERES = ("south", "north")
_DEC_RANGE_DEG = {"south": (-18.0, 32.0), "north": (32.5, 84.0)}
"""Range of declination in which each hemisphere is simulated, at all right ascensions: that of the
DR9 imaging that DESI observes."""
RELEASE = {"south": 9010, "north": 9011}
"""Number of the imaging release DR9 of each hemisphere, which is a part of the TARGETID."""


@dataclass(frozen=True)
class Chunk:
    """The galaxies of one HEALPix pixel, which are simulated and written together."""

    number: int
    pixel: int
    """Number of the HEALPix pixel, nside 64, nested."""
    n: int
    """Number of galaxies in the chunk, 1 to 50."""


def truth_path(out: Path, chunk: Chunk) -> Path:
    """Path of the truth file of a chunk, which is written last and so marks a finished chunk."""
    return out / "truth" / f"truth-{chunk.pixel}.fits"


def chunk_pixels(seed: int, n_chunks: int, hemisphere: str = "south") -> Int64Array:
    """Distinct nested HEALPix pixels of nside 64, (n_chunks,), in an order that the seed decides.

    The first pixels do not depend on `n_chunks`.

    Raises
    ------
    SimulationSettingError
        Where the footprint has fewer than `n_chunks` pixels.
    """
    pixels = np.arange(12 * NSIDE**2)
    _, dec = _positions(pixels, NSIDE)
    low, high = _DEC_RANGE_DEG[hemisphere]
    inside = pixels[(dec > low) & (dec < high)]
    if n_chunks > inside.size:
        raise SimulationSettingError(
            f"a simulated survey holds at most {inside.size * GALAXIES_PER_CHUNK:,} galaxies; "
            f"requested more than {(n_chunks - 1) * GALAXIES_PER_CHUNK:,}."
        )
    order = np.random.default_rng([seed, 1]).permutation(inside)
    return np.asarray(order[:n_chunks], dtype=np.int64)


def random_positions(
    pixel: int, n: int, rng: np.random.Generator
) -> tuple[Float64Array, Float64Array]:
    """Random RA and Dec (n,) in ICRS degrees, at centres of order-29 pixels inside a pixel."""
    inside = rng.integers(0, 4**_ORDER_IN_PIXEL, n)
    return _positions((pixel << (2 * _ORDER_IN_PIXEL)) + inside, 2**29)


def target_ids(
    ra_deg: Float64Array,
    dec_deg: Float64Array,
    *,
    first_object: int,
    hemisphere: str = "south",
    sky: bool = False,
) -> Int64Array:
    """TARGETIDs (n,) with the MOCK bit, made of the brick of each position and an object number."""
    bricks = brick_ids(ra_deg, dec_deg)
    parts = [
        TargetIdParts(first_object + i, int(brick), RELEASE[hemisphere], mock=True, sky=sky)
        for i, brick in enumerate(bricks)
    ]
    return np.array([int(encode_target_id(part)) for part in parts], dtype=np.int64)


def _positions(pixels: Int64Array, nside: int) -> tuple[Float64Array, Float64Array]:
    lon, lat = healpix_to_lonlat(pixels, nside, order="nested")
    return np.asarray(lon.deg, dtype=np.float64), np.asarray(lat.deg, dtype=np.float64)
