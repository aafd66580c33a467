"""Files of inverted lists: the same lists after reading, others refused."""

import dataclasses
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import ManifestError, WriteError
from galsearch.index.ivf.faiss_api import faiss
from galsearch.index.ivf.lists_file import read_lists, write_lists
from tests.file_size_limit import REASON, file_size_limit
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory


@pytest.mark.parametrize("recipe", [{"family": "ivfsq"}, {"family": "ivfpq", "rotation": "none"}])
def test_lists_are_the_same_after_writing_and_reading(recipe: Any, tmp_path: Path) -> None:
    vectors = random_unit_vectors(1000, 16, 1)
    lists = filled_lists(stored_in_memory(vectors), n_lists=8, **recipe)
    write_lists(lists, tmp_path / "lists.faiss")
    found = read_lists(tmp_path / "lists.faiss", plan=lists.plan, n_vectors=1000)
    assert found.quantiser_digest() == lists.quantiser_digest()
    np.testing.assert_array_equal(found.list_of_row, lists.list_of_row)
    np.testing.assert_array_equal(
        found.candidates(vectors[:9], n=5, n_probe=8), lists.candidates(vectors[:9], n=5, n_probe=8)
    )


@pytest.mark.parametrize("n_missing", [1, 100, 4000])
def test_last_bytes_that_cannot_be_written_are_noticed(n_missing: int, tmp_path: Path) -> None:
    """FAISS itself says nothing where it cannot write what it has in memory when it closes."""
    path = tmp_path / "lists.faiss"
    lists = filled_lists(stored_in_memory(random_unit_vectors(1000, 16, 1)), n_lists=8)
    write_lists(lists, path)
    before = path.read_bytes()
    with file_size_limit(len(before) - n_missing), pytest.raises(WriteError) as caught:
        write_lists(lists, path)
    assert str(caught.value) == f"{path}: {REASON}"
    assert {found.name: found.read_bytes() for found in tmp_path.iterdir()} == {path.name: before}


def test_files_of_other_lists_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lists.faiss"
    lists = filled_lists(stored_in_memory(random_unit_vectors(1000, 16, 1)), n_lists=8)
    write_lists(lists, path)
    with pytest.raises(ManifestError) as caught:
        read_lists(path, plan=lists.plan, n_vectors=1001)
    assert str(caught.value) == (
        f"{path}: IndexIVFScalarQuantizer of 1,000 vectors of 16 components, 16 of them kept, in 8 "
        "lists; manifest.json says IndexIVFScalarQuantizer, 1,001, 16, 16 and 8."
    )
    path.write_bytes(b"nothing")
    with pytest.raises(ManifestError) as caught:
        read_lists(path, plan=lists.plan, n_vectors=1000)
    assert str(caught.value) == (
        f'{path}: FAISS cannot do it (Index type 0x68746f6e ("noth") not recognized).'
    )


@pytest.mark.parametrize("kind", ["ivfsq", "ivfpq", "fastscan"])
def test_lists_with_rows_that_are_not_stored_are_refused(kind: Any, tmp_path: Path) -> None:
    """A search would read beyond the stored vectors."""
    path = tmp_path / "lists.faiss"
    vectors = random_unit_vectors(600, 16, 1)
    n_bits = None if kind == "ivfsq" else 4
    for row in (600, -1, 2**40, 5):
        lists = filled_lists(stored_in_memory(vectors), n_lists=4, family=kind, n_bits=n_bits)
        ids = lists.faiss_index.invlists.get_ids(2)
        rows_of = faiss.rev_swig_ptr(ids, lists.faiss_index.invlists.list_size(2))
        rows_of[:2] = [row, 5] if 5 not in rows_of else [row, rows_of[0]]
        write_lists(lists, path)
        with pytest.raises(ManifestError) as caught:
            read_lists(path, plan=lists.plan, n_vectors=600)
        assert str(caught.value) == f"{path}: its lists do not hold each of the 600 rows once."


def test_lists_with_other_codes_than_planned_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lists.faiss"
    lists = filled_lists(
        stored_in_memory(random_unit_vectors(600, 16, 1)), family="ivfpq", n_bits=4
    )
    write_lists(lists, path)
    for values in ({"n_bits": 5}, {"n_subvectors": 2}):
        with pytest.raises(ManifestError) as caught:
            read_lists(path, plan=dataclasses.replace(lists.plan, **values), n_vectors=600)
        assert str(caught.value) == (
            f"{path}: its codes, centroids or rotation are not those of the plan in manifest.json."
        )


def test_a_damaged_size_does_not_request_memory(tmp_path: Path) -> None:
    """The number of values of the rotation is replaced by 2^30, which are 4 GB."""
    path = tmp_path / "lists.faiss"
    lists = filled_lists(stored_in_memory(random_unit_vectors(600, 16, 1)), n_lists=4)
    write_lists(lists, path)
    content, n_values = path.read_bytes(), struct.pack("<Q", 16 * 16)
    assert n_values in content[:200]
    path.write_bytes(content.replace(n_values, struct.pack("<Q", 2**30), 1))
    before = faiss.get_deserialization_vector_byte_limit()
    with pytest.raises(ManifestError) as caught:
        read_lists(path, plan=lists.plan, n_vectors=600)
    assert str(caught.value).startswith(f"{path}: FAISS cannot do it ('size >= 0 && size < ")
    assert faiss.get_deserialization_vector_byte_limit() == before
