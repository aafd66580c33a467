"""LSDB opens an exported collection: validation, cone search, cross-match, extensions.

It installs LSDB in an environment of its own. `GALSEARCH_LSDB=PYTHON` names a Python that has it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

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
