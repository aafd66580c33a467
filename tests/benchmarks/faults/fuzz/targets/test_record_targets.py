"""Records and shards are read or refused."""

from pathlib import Path

import pytest

from benchmarks.faults.fuzz.targets.fuzz_target import FuzzTarget
from benchmarks.faults.fuzz.targets.record_targets import RECORD_TARGETS
from tests.benchmarks.faults.fuzz.short_fuzzing import check_target


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("target", RECORD_TARGETS, ids=lambda target: str(target.name))
def test_damaged_contents_are_read_or_refused(
    target: FuzzTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_target(target, tmp_path)
