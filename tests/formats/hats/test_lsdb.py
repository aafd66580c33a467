"""LSDB opens an exported collection: validation, cone search, cross-match, extensions.

It installs LSDB in an environment of its own. `GALSEARCH_LSDB=PYTHON` names a Python that has it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.embeddings import import_embeddings, open_store
from galsearch.formats.hats.export_hats import export_hats
from tests.conftest import Sky

SCRIPT = Path(__file__).with_name("read_with_lsdb.py")
LSDB = "lsdb==0.11.1"


@pytest.fixture
def python_with_lsdb(tmp_path: Path) -> str:
    given = os.environ.get("GALSEARCH_LSDB")
    if given:
        return given
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", LSDB], check=True)
    return python


@pytest.mark.slow
def test_lsdb_opens_the_collection(
    python_with_lsdb: str, make_sky: Callable[..., Sky], tmp_path: Path
) -> None:
    embeddings = make_sky(300).write(tmp_path / "vectors", spectrum=slice(40, 250))
    export_hats(embeddings, tmp_path / "toy")
    done = subprocess.run(
        [python_with_lsdb, SCRIPT, tmp_path / "toy"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout[done.stdout.index("{") :])
    assert found["n_galaxies"] == 300
    assert found["image_embeddings"]["n_joined"] == 300
    assert found["spectrum_embeddings"]["n_joined"] == 210


@pytest.mark.slow
def test_a_catalogue_that_lsdb_wrote_is_imported(
    python_with_lsdb: str, make_sky: Callable[..., Sky], tmp_path: Path
) -> None:
    sky = make_sky(300)
    generator = np.random.default_rng(5)
    table = pa.table(
        {
            "TARGETID": sky.ids,
            "ra": generator.uniform(0, 360, 300),
            "dec": generator.uniform(-60, 60, 300),
            "Z": generator.uniform(0, 1, 300),
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(sky.image.reshape(-1)), 16),
            "flux": pa.array([[1.0, 2.0, 3.0]] * 300),
        }
    )
    pq.write_table(table, tmp_path / "vectors.parquet")
    script = SCRIPT.with_name("write_with_lsdb.py")
    command = [python_with_lsdb, script, tmp_path / "vectors.parquet", tmp_path / "foreign"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1].split()[0]) > 3
    report = import_embeddings(tmp_path / "out", encoder="m-1", images=str(tmp_path / "foreign"))
    assert report.n_imported == {"image": 300}
    assert np.abs(open_store(tmp_path / "out", "image").read(sky.ids) - sky.image).max() < 1e-6
    found = pq.read_table(tmp_path / "out" / "catalogue.parquet").sort_by("target_id")
    for name, column in (("ra_deg", "ra"), ("dec_deg", "dec"), ("z", "Z")):
        np.testing.assert_allclose(found[name].to_numpy(), table[column].to_numpy())
