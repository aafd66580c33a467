"""Conditions, recipes, checkpoints and uploads are read or refused."""

from pathlib import Path

import pytest

from benchmarks.faults.fuzz.targets.fuzz_target import FuzzTarget
from benchmarks.faults.fuzz.targets.word_targets import WORD_TARGETS
from tests.benchmarks.faults.fuzz.short_fuzzing import check_target


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("target", WORD_TARGETS, ids=lambda target: str(target.name))
def test_damaged_contents_are_read_or_refused(
    target: FuzzTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_target(target, tmp_path)
