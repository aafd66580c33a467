"""A small labelled index that tests of the analysis read."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.conftest import Sky

N, N_SPECTRA, N_LABELLED = 600, 550, 500
CLASSES = np.array(["disk", "elliptical", "merger"])


def write_labelled(sky: Sky, out: Path) -> Path:
    """Embeddings whose labels follow the vectors, with more columns in the catalogue.

    Galaxies of the same image in the first 500 have a mass; all have a morphology but the last 100.
    """
    sky.write(out, spectrum=slice(0, N_SPECTRA))
    mass = 10 + 2 * sky.image[:, 0] + 0.1 * np.random.default_rng(3).normal(size=N)
    missing = np.arange(N) >= N_LABELLED
    morphology = CLASSES[np.digitize(sky.image[:, 1], np.quantile(sky.image[:, 1], [0.6, 0.9]))]
    table = pq.read_table(out / "catalogue.parquet")
    table = table.set_column(1, "ra_deg", pa.array(np.arange(N) * 0.1))
    for name, values in {
        "mass": pa.array(mass, mask=missing),
        "morphology": pa.array(morphology, mask=missing),
        "is_blue": pa.array(sky.image[:, 2] > 0),
        "n_arms": pa.array(np.arange(N) % 3),
        "name": pa.array([f"galaxy {i}" for i in range(N)]),
        "nothing": pa.nulls(N),
        "few": pa.array(mass, mask=np.arange(N) >= 5),
        "infinite": pa.array(np.where(np.arange(N) == 7, np.inf, mass)),
        "when": pa.array(np.arange(N).astype("datetime64[s]")),
    }.items():
        table = table.append_column(name, values)
    pq.write_table(table, out / "catalogue.parquet")
    return out


def true_mass(sky: Sky) -> np.ndarray:
    """The masses that `write_labelled` writes, of all galaxies."""
    return 10 + 2 * sky.image[:, 0] + 0.1 * np.random.default_rng(3).normal(size=N)
