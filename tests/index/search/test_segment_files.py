"""The files of an index's segments, read singly and merged."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import ManifestError
from galsearch.core.modality import Modality
from galsearch.files.held_files import OpenDirectory
from galsearch.index import add, remove
from galsearch.index.search.segment_files import SegmentFiles
from galsearch.index.storage.manifest_json import read_manifest
from tests.index.changing_index import N_FIRST, N_SECOND


def segment_files(build: Path) -> SegmentFiles:
    with OpenDirectory(build) as opened:
        return SegmentFiles(opened, read_manifest(build))


def test_segments_are_merged_without_removed_galaxies(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    add(survey_parts / "second", index=changing_index)
    gone = np.sort(shuffled_sky.ids[[3, N_FIRST + 5]])
    remove(gone, index=changing_index)
    files = segment_files(changing_index)
    entries = read_manifest(changing_index).segments
    assert [ids.tolist() for ids in files.removed] == [
        [shuffled_sky.ids[3]],
        [shuffled_sky.ids[N_FIRST + 5]],
    ]
    assert [len(part.ids) for part in files.open_catalogue()] == [N_FIRST, N_SECOND - N_FIRST]
    for kind in Modality:
        stored = files.open_vectors(kind)
        single = [files.read_lists(entry, kind) for entry in entries]
        assert [lists.n_vectors for lists in single] == [len(s.ids) for s in stored.segments]
        merged = files.read_all_lists(stored, kind)
        assert merged is not None
        assert merged.n_vectors == len(stored)
        rows = stored.rows_of(stored.ids)
        assert (merged.list_of_row[rows] >= 0).all()
        assert (merged.list_of_row[stored.deleted_rows] == -1).all()
        assert not np.isin(gone, stored.ids).any()


def test_an_index_without_query_aware_lists_has_none_to_read(toy_index: Path) -> None:
    files = segment_files(toy_index)
    (entry,) = read_manifest(toy_index).segments
    stored = files.open_vectors(Modality.IMAGE)
    assert files.read_all_query_aware_lists(stored, Modality.IMAGE) is None
    with pytest.raises(ManifestError) as caught:
        files.read_query_aware_lists(entry, Modality.IMAGE)
    assert str(caught.value) == f"{toy_index}: image vectors have no query-aware lists."
