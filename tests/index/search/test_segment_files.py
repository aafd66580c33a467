"""The files of an index's segments, read singly and merged."""

import dataclasses
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
from galsearch.index.ivf.lists_file import read_lists
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.segment_files import SegmentFiles
from galsearch.index.storage.manifest import INVERTED_LISTS_NAME
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.index.vectors.array_files import map_array
from galsearch.index.vectors.catalogue import Catalogue, CatalogueSegment
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment
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


FILES = ["ids.npy", "catalogue.npy", "image/ids.npy", "image/vectors.npy"]
FILES += ["image/basis.npz", "image/lists.faiss"]


@pytest.mark.parametrize("name", FILES)
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
    # The next test reads more copies in the same time.
    assert_only_galsearch_errors(read, [original], copies=10, damage=_another_number, cost=100)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_beside_others_that_are_open_raises_only_errors_with_a_sentence(
    int8_index: Path, tmp_path: Path, name: str
) -> None:
    """All but the damaged file are opened once: a copy takes a tenth of the time of an opening."""
    build = Path(shutil.copytree(int8_index, tmp_path / "build"))
    entry = read_manifest(build).modalities[Modality.IMAGE]
    n, plan, folder = entry.n_vectors, entry.plan, build / Modality.IMAGE
    with OpenDirectory(build) as opened:
        index = GalaxyIndex(opened, read_manifest(build))
    pristine = index.modality(Modality.IMAGE)
    (segment,) = pristine.stored.segments
    query, settings = pristine.stored.take(np.arange(1)), index.settings(None, Modality.IMAGE)
    found_ids = pristine.search(query, k=5, settings=settings).target_ids[0]
    places = {"image/ids.npy": "ids", "image/vectors.npy": "vectors"}

    def read_vectors(path: Path) -> StoredVectors:
        if name == "image/basis.npz":
            opened = VectorSegment.open(folder, n_vectors=n, dim=plan.dim, store=plan.store)
            return StoredVectors([opened])
        old = getattr(segment, places[name])
        array = map_array(path, old.shape, old.dtype)
        return StoredVectors([dataclasses.replace(segment, **{places[name]: array})])

    def read(content: bytes) -> None:
        path = build / name
        path.unlink()
        path.write_bytes(content)
        if path.parent == build:
            nothing = np.empty(0, np.int64)
            catalogue = Catalogue(
                [CatalogueSegment.open(build, n_galaxies=n, removed=nothing, has_packed_rows=False)]
            )
            catalogue.take(found_ids)
        elif path.name == INVERTED_LISTS_NAME:
            lists = read_lists(path, plan=plan, n_vectors=n)
            dataclasses.replace(pristine, lists=lists).search(query, k=5, settings=settings)
        else:
            stored = read_vectors(path)
            own = stored.rows_of(segment.ids[3:4])
            modality = dataclasses.replace(pristine, stored=stored)
            modality.search(stored.take(own), k=5, settings=settings, exclude_rows=own)
            modality.search(query, k=5, settings=settings, exact=True)

    original = (build / name).read_bytes()
    assert_only_galsearch_errors(read, [original], copies=50, damage=_another_number, seed=1)


@pytest.fixture(scope="module")
def int8_index(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of images with inverted lists and principal axes."""
    home = tmp_path_factory.mktemp("int8-index")
    embeddings = make_sky(200).write(home / "embeddings", spectrum=slice(0))
    recipe = IndexRecipe(family="ivfsq", store="int8", flat_below=50, n_tuning_queries=5)
    build_index(recipe, embeddings=embeddings, out=home / "build")
    return home / "build"
