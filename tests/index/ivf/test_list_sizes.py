"""Damaged sizes of inverted lists are refused before FAISS reserves memory for them."""

import io
import struct
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import ManifestError
from galsearch.index.ivf.faiss_api import faiss
from galsearch.index.ivf.list_sizes import CheckedListReader
from galsearch.index.ivf.lists_file import read_lists, write_lists
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory


def written(path: Path, n_vectors: int, **recipe: Any) -> tuple[Any, bytes]:
    lists = filled_lists(stored_in_memory(random_unit_vectors(n_vectors, 16, 1)), **recipe)
    write_lists(lists, path)
    return lists.plan, path.read_bytes()


@pytest.mark.parametrize(("family", "code"), [("ivfsq", b"ilar"), ("fastscan", b"ilbl")])
def test_a_damaged_number_of_lists_is_refused(family: str, code: bytes, tmp_path: Path) -> None:
    path = tmp_path / "lists.faiss"
    plan, content = written(path, 600, n_lists=4, family=family)
    at = content.index(code) + 4
    assert content[at : at + 8] == struct.pack("<Q", 4)
    path.write_bytes(content[:at] + struct.pack("<Q", 2**29) + content[at + 8 :])
    with pytest.raises(ManifestError) as caught:
        read_lists(path, plan=plan, n_vectors=600)
    assert str(caught.value) == (f"{path}: has 536,870,912 inverted lists; manifest.json says 4.")


@pytest.mark.parametrize(("kind", "n_vectors"), [("full", 600), ("sprs", 20)])
def test_a_damaged_size_of_a_list_is_refused(kind: str, n_vectors: int, tmp_path: Path) -> None:
    path = tmp_path / "lists.faiss"
    index = faiss.index_factory(16, "IVF64,SQ8")
    index.train(random_unit_vectors(600, 16, 1))
    index.add(random_unit_vectors(n_vectors, 16, 2))
    content = faiss.serialize_index(index).tobytes()
    assert read_checked(content, path, n_vectors).ntotal == n_vectors
    # After the code of the kind are the number of sizes and the sizes. In a sparse table, which
    # FAISS writes where most lists are empty, each size follows the number of its list.
    at = content.index(kind.encode()) + 4 + 8 + (8 if kind == "sprs" else 0)
    (size,) = struct.unpack("<Q", content[at : at + 8])
    assert size < n_vectors
    damaged = content[:at] + struct.pack("<Q", size + 2**32) + content[at + 8 :]
    with pytest.raises(ManifestError) as caught:
        read_checked(damaged, path, n_vectors)
    assert str(caught.value) == (
        f"{path}: has {n_vectors + 2**32:,} vectors in lists; manifest.json says {n_vectors:,}."
    )


def read_checked(content: bytes, path: Path, n_vectors: int) -> Any:
    reader = CheckedListReader(io.BytesIO(content), path, n_lists=64, n_vectors=n_vectors)
    return faiss.read_index(faiss.PyCallbackIOReader(reader.read))
