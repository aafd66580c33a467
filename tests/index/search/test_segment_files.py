"""The files of an index's segments, read singly and merged."""

import shutil
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import GalsearchError, ManifestError
from galsearch.core.modality import Modality
from galsearch.files.held_files import OpenDirectory
from galsearch.index import IndexRecipe, add, build_index, remove, verify
from galsearch.index.search.segment_files import SegmentFiles
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.query import open_index
from tests.damaged_files import assert_only_galsearch_errors, damaged
from tests.index.changing_index import N_FIRST, N_SECOND
from tests.index.tampering import update_digest


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


def _another_number(content: bytes, generator: np.random.Generator) -> bytes:
    """A copy with another number in place of some bytes, or damaged at random."""
    if generator.random() < 0.3:
        return damaged(content, generator)
    numbers = (struct.pack("<q", -1), struct.pack("<q", 2**40), struct.pack("<i", 2**31 - 1))
    numbers += (struct.pack("<q", 0), struct.pack("<q", 1000), struct.pack("<f", np.nan), b"\7")
    number = numbers[int(generator.integers(len(numbers)))]
    start = int(generator.integers(min(len(content), 400 if generator.random() < 0.5 else 2**20)))
    return content[:start] + number + content[start + len(number) :]


@pytest.mark.parametrize(
    "name",
    [
        *("ids.npy", "catalogue.npy", "image/ids.npy", "image/vectors.npy"),
        *("image/basis.npz", "image/lists.faiss"),
    ],
)
def test_damaged_arrays_and_lists_with_new_digests_raise_only_errors_with_a_sentence(
    int8_index: Path, tmp_path: Path, name: str
) -> None:
    build = Path(shutil.copytree(int8_index, tmp_path / "build"))
    target_id = int(np.load(build / "ids.npy")[3])

    def read(content: bytes) -> None:
        # The file is a new one each time, because the old one may be mapped still.
        (build / name).unlink()
        (build / name).write_bytes(content)
        update_digest(build, name)
        with suppress(GalsearchError):
            verify(build)
        open_index(build).query(target_id, k=5)

    original = (build / name).read_bytes()
    assert_only_galsearch_errors(read, [original], copies=10, damage=_another_number)


@pytest.fixture(scope="module")
def int8_index(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of images with inverted lists and principal axes."""
    home = tmp_path_factory.mktemp("int8-index")
    embeddings = make_sky(200).write(home / "embeddings", spectrum=slice(0))
    recipe = IndexRecipe(family="ivfsq", store="int8", flat_below=50, n_tuning_queries=5)
    build_index(recipe, embeddings=embeddings, out=home / "build")
    return home / "build"
