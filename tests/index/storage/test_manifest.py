"""The manifest of an index and its summary."""

import dataclasses
from pathlib import Path

from galsearch.index.storage.manifest_json import read_manifest


def test_the_summary_fits_a_terminal_and_states_recall_in_every_direction(toy_index: Path) -> None:
    manifest = read_manifest(toy_index)
    lines = manifest.summary().splitlines()
    assert str(manifest) == manifest.summary()
    assert lines[:2] == ["index 'toy': 600 galaxies", "  encoder   aaaaaaaaaaaaaaaa"]
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 100
    assert (
        "  image     600 vectors of 16 dimensions, stored as float32 (72 bytes per vector)" in lines
    )
    for entry in manifest.directions:
        row = next(line for line in lines if line.split()[:2] == [entry.using, entry.among])
        assert row.split()[2:5] == [
            f"{recall:.3f}"
            for recall in (entry.recall_at_1, entry.recall_at_10, entry.recall_at_100)
        ]
    assert "STALE" not in manifest.summary()
    assert "STALE: 12 galaxies" in dataclasses.replace(manifest, n_changed=12).summary()
