"""Synthetic galaxies for tests, whose pixels depend on the first two of their five properties."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from galsearch.core.modality import Modality
from galsearch.dataset import GalaxyBatch, split_of

BOTH = (Modality.IMAGE, Modality.SPECTRUM)
IDS = 39627848784286003 + np.arange(280)
TRUE = np.random.default_rng(1).normal(size=(280, 5))
"""True properties of these galaxies; the brightness and colour of their pixels follow from them."""
N_SHARD = 210


@dataclass
class SyntheticGalaxies:
    """280 galaxies whose image and spectrum depend on the first two of their properties."""

    table: pa.Table
    name: str = "toy"
    digest: str = "toy"
    published: bool = False
    n_read: int = 0

    @property
    def catalogue(self) -> pa.Table:
        return self.table

    @property
    def split(self) -> np.ndarray:
        return split_of(self.table["target_id"].to_numpy())

    def batches(self):
        for low in range(0, 280, 70):
            self.n_read += 1
            yield synthetic_batch(np.arange(low, low + 70))


def synthetic_batch(rows: np.ndarray) -> GalaxyBatch:
    generator = np.random.default_rng(int(rows[0]))
    level = np.exp(TRUE[rows, :2] / 2)
    image = 0.01 * generator.normal(size=(len(rows), 3, 152, 152))
    image[:, 0, 70:82, 70:82] += level[:, 0, None, None] / 10
    image[:, 2, 70:82, 70:82] += level[:, 1, None, None] / 10
    spectrum = 0.1 * generator.normal(size=(len(rows), 7781)) + level[:, :1]
    spectrum[:, 4000:] *= level[:, 1:]
    nothing, yes = np.full(len(rows), np.nan), np.ones(len(rows), bool)
    mask, bad = np.zeros(image.shape, bool), np.zeros(spectrum.shape, bool)
    image, spectrum = image.astype(np.float32), spectrum.astype(np.float32)
    ivar = np.ones_like(spectrum)
    return GalaxyBatch(
        IDS[rows], nothing, nothing, nothing, yes, yes, image, mask, spectrum, ivar, bad
    )


def synthetic_galaxies(**changes) -> SyntheticGalaxies:
    columns = {
        "target_id": IDS,
        "has_image": np.ones(280, bool),
        "has_spectrum": np.ones(280, bool),
        "true_z": np.exp(TRUE[:, 0] / 5),
        "log10_mass": TRUE[:, 0] + TRUE[:, 1],
        "age_gyr": TRUE[:, 1],
        "log10_z_zsun": TRUE[:, 2],
        "log10_sfr": TRUE[:, 0],
        "morphology": np.where(TRUE[:, 1] > 0, "disk", "elliptical"),
        "has_spiral_arms": (TRUE[:, 0] > 0).astype(int),
        "has_bar": (TRUE[:, 3] > 0).astype(int),
        "has_ring": (TRUE[:, 4] > 1).astype(int),
        "is_merger": (TRUE[:, 4] < -1).astype(int),
        "r_eff_arcsec": np.abs(TRUE[:, 1]) + 1.5,
        "mag_g": -TRUE[:, 0],
        "mag_r": np.where(np.arange(280) % 50 == 0, np.nan, -TRUE[:, 1]),
        "mag_z": TRUE[:, 3],
    }
    columns |= changes
    return SyntheticGalaxies(
        pa.table({k: pa.array(v, from_pandas=True) for k, v in columns.items()})
    )


def nested(array: np.ndarray) -> pa.Array:
    """Lists of lists, as Hugging Face stores arrays."""
    out = pa.array(array.ravel())
    for length in reversed(array.shape[1:]):
        offsets = np.arange(0, len(out) + 1, length, dtype=np.int32)
        out = pa.ListArray.from_arrays(offsets, out)
    return out
