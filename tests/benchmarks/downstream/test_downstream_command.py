"""The command on AstroCLIP's shards, and settings that it refuses."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.downstream import __main__ as command
from tests.benchmarks.downstream.synthetic_galaxies import (
    N_SHARD,
    synthetic_galaxies,
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--k", "0"], "error: --k is 0; expected 1 or more.\n"),
        (
            ["--image-binning", "5"],
            "error: --image-size 96 must be at most 152 and a multiple of --image-binning 5.\n",
        ),
        (["--encoder", "absent.ckpt"], None),
    ],
)
def test_the_command_refuses_bad_settings_in_one_message(
    arguments: list[str], message: str | None, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(command, "open_galaxies", lambda *_: synthetic_galaxies())
    out = tmp_path / "out.json"
    monkeypatch.setattr(sys, "argv", ["downstream", str(tmp_path), *arguments, "--out", str(out)])
    assert command.main() == 1
    message_found = capsys.readouterr().err
    assert (
        message_found == message
        if message
        else message_found.startswith("error: absent.ckpt: neither a file")
    )
    assert list(tmp_path.iterdir()) == []


def test_the_command_runs_on_shards_and_prints_the_papers_figures(
    shards: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    out = tmp_path / "results.json"
    arguments = ["--modality", "spectrum", "--label-table", str(shards / "provabgs.csv")]
    arguments += ["--mlp-epochs", "1", "--conv-epochs", "1", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["downstream", str(shards), *arguments])
    assert command.main() == 0
    results = json.loads(out.read_text())
    assert results["published"] is True
    assert results["labels"]["ssfr"] == "log10(avg_sfr)-log_mstar"
    assert results["split_sizes"]["test"] == 40
    shown = capsys.readouterr()
    assert "| ResNet18 | image | supervised | 0.77 |" in shown.out
    assert "README of PolymathicAI/AstroCLIP" in shown.out
    assert "recalled from the paper, not verified" in shown.out
    assert "Galaxy Zoo votes: not measured, no folder of real images was named" in shown.out
    assert f"AstroCLIP: {N_SHARD} galaxies, {N_SHARD - 1} have spectrum; 1 left out" in shown.err
    assert "| Conv+Att | spectrum | supervised |" in shown.out
    assert "not measured, the dataset has no morphology" in shown.err
