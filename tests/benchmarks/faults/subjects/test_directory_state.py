"""Two runs of one command have one state, and any other difference is told."""

import json
from pathlib import Path

import torch

from benchmarks.faults.subjects.directory_state import differences, leftovers, state_of


def write(root: Path, created: str, recall: float, loss: float) -> Path:
    (root / "sub").mkdir(parents=True)
    manifest = {"created": created, "directions": [{"seconds": 1, "recall_at_10": recall}]}
    (root / "manifest.json").write_text(json.dumps(manifest))
    (root / "log.jsonl").write_text(f'{{"step": 1, "seconds": {len(created)}.5}}\n')
    (root / "hats.properties").write_text(f"hats_creation_date={created}\nhats_nrows=3\n")
    (root / "growing.lock").write_text(created)
    torch.save({"step": 2, "seconds": len(created), "loss": torch.tensor(loss)}, root / "state.pt")
    return root


def test_volatile_values_do_not_count_and_others_do(tmp_path: Path) -> None:
    first = state_of(write(tmp_path / "a", "now", 0.5, 1.0))
    assert state_of(write(tmp_path / "b", "later", 0.5, 1.0)) == first
    other = state_of(write(tmp_path / "c", "now", 0.6, 2.0))
    assert differences(first, other) == ["!manifest.json", "!state.pt"]


def test_missing_and_new_files_are_told() -> None:
    assert differences({"a": "1", "b": "1"}, {"b": "2", "c": "1"}) == ["-a", "+c", "!b"]


def test_the_lock_of_an_index_is_no_leftover(tmp_path: Path) -> None:
    for name in ("growing.lock", ".out.0123456789ab.part", "training.lock", "a.npy"):
        (tmp_path / name).touch()
    assert leftovers(tmp_path) == [".out.0123456789ab.part", "training.lock"]
