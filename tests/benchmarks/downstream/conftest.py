"""Fixtures of the downstream benchmark: shards of AstroCLIP's layout, and a short bootstrap."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.downstream import experiment as whole
from benchmarks.downstream.scoring.accuracy_measures import draws
from tests.benchmarks.downstream.synthetic_galaxies import (
    IDS,
    N_SHARD,
    TRUE,
    nested,
    synthetic_batch,
)


@pytest.fixture(scope="module", autouse=True)
def few_draws():
    """A bootstrap of 30 in every run of this file: its errors are not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "draws", lambda n, seed: draws(n, seed, 30))
        yield


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> Path:
    """Two files of AstroCLIP's columns, axes x, y, band; the first spectrum is 0 throughout."""
    folder = tmp_path_factory.mktemp("astroclip")
    for name, rows in (("train-0", range(170)), ("test-0", range(170, N_SHARD))):
        some = synthetic_batch(np.arange(rows[0], rows[-1] + 1))
        image = np.ascontiguousarray(some.image_flux.transpose(0, 3, 2, 1))
        spectrum = some.spectrum_flux.copy()
        if name == "train-0":
            spectrum[0] = 0
        table = pa.table(
            {
                "image": nested(image),
                "spectrum": nested(spectrum[..., None]),
                "redshift": pa.array(np.exp(TRUE[list(rows), 0] / 5), pa.float32()),
                "targetid": pa.array(IDS[list(rows)]),
            }
        )
        pq.write_table(table, folder / f"{name}.parquet")
    lines = ["TARGETID,LOG_MSTAR,TAGE_MW,Z_MW,AVG_SFR"]
    for i in range(N_SHARD):
        mass, age = TRUE[i, 0] + TRUE[i, 1] + 10, TRUE[i, 1] + 5
        lines.append(f"{IDS[i]},{mass},{age},{np.exp(TRUE[i, 2])},{10 ** TRUE[i, 0]}")
    (folder / "provabgs.csv").write_text("\n".join(lines) + "\n")
    return folder
