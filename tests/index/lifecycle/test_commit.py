"""Recall is measured again once enough galaxies have changed."""

from pathlib import Path
from typing import Any

from galsearch.index import compact, remove, verify
from galsearch.index.storage.manifest_json import read_manifest


def test_recall_is_measured_again_once_a_tenth_has_changed(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    built = read_manifest(changing_index)
    few = remove(shuffled_sky.ids[:50], index=changing_index)
    assert few.n_changed == 50
    assert few.directions == built.directions
    assert "50 galaxies were added or removed since recall was measured" in few.summary()
    more = remove(shuffled_sky.ids[50:55], index=changing_index)
    assert more.n_changed == 0
    assert more.directions != built.directions
    assert more == verify(changing_index)
    # What is measured then is what compact measures: the galaxies and the lists are the same.
    compacted = compact(changing_index)
    assert [(d.n_probe, d.rerank) for d in compacted.directions] == [
        (d.n_probe, d.rerank) for d in more.directions
    ]
