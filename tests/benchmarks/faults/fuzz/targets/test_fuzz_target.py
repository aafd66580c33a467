"""Files that readers may still have mapped are replaced, not overwritten."""

from pathlib import Path

import numpy as np

from benchmarks.faults.fuzz.targets.fuzz_target import fresh_file


def test_a_file_that_is_mapped_stays_as_it_is(tmp_path: Path) -> None:
    path = fresh_file(tmp_path / "a", b"abc")
    mapped = np.memmap(path, np.uint8, "r")
    assert fresh_file(tmp_path / "a", b"") == path
    assert (mapped.tobytes(), (tmp_path / "a").read_bytes()) == (b"abc", b"")
