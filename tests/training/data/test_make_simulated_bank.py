"""The command that makes the shipped bank, from the stages of the demonstration."""

import json
import shutil
from pathlib import Path

import pytest

from galsearch.index import verify
from galsearch.query import open_index
from tests.conftest import Demonstration
from training.data import make_simulated_bank


def test_a_bank_is_made_from_what_is_finished(
    demonstration: Demonstration,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    work, out = tmp_path / "work", tmp_path / "bank"
    for name in ("survey", "dataset", "embeddings"):
        shutil.copytree(demonstration.home / "demo" / name, work / name)
    arguments = ["--work", str(work), "--out", str(out), "--n", "24"]
    monkeypatch.setattr("sys.argv", ["make_simulated_bank", *arguments, "--seed", "5"])
    assert make_simulated_bank.main() == 0
    verify(out / "index")
    bank = open_index(out / "index").index
    record = json.loads((out / "provenance.json").read_text())
    assert record == {
        "n_galaxies": 24,
        "simulator_version": make_simulated_bank.SIMULATOR_VERSION,
        "seed": 5,
        "encoder": "galsearch-small",
        "fingerprint": str(bank.manifest.fingerprint),
        "command": "python -m training.data.make_simulated_bank --work runs/bank --n 24 --seed 5",
    }
    assert (bank.manifest.dataset, bank.manifest.recipe.encoding) == ("", "int8")
    assert str(tmp_path) not in (out / "index" / "manifest.json").read_text()
    monkeypatch.setattr("sys.argv", ["make_simulated_bank", *arguments, "--seed", "6"])
    assert make_simulated_bank.main() == 1
    assert "holds 24 galaxies of seed 5; requested seed 6" in capsys.readouterr().err
