"""A damaged or edited index is refused, and the message names the file."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import (
    GalsearchError,
    ManifestError,
)
from galsearch.core.modality import Modality
from galsearch.files.digest import WHOLE_BELOW_BYTES
from galsearch.index import IndexRecipe, build_index, open_build, verify
from galsearch.index.search import segment_files
from galsearch.index.storage.manifest_json import read_manifest
from tests.index.tampering import change_manifest, message_of_open_and_verify, update_digest

FILES = [
    "catalogue.npy",
    "catalogue.parquet",
    "ids.npy",
    "image/ids.npy",
    "image/lists.faiss",
    "image/vectors.npy",
    "spectrum/ids.npy",
    "spectrum/lists.faiss",
    "spectrum/vectors.npy",
]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(toy_copy: Path, name: str) -> None:
    (toy_copy / name).unlink()
    assert (
        message_of_open_and_verify(toy_copy)
        == f"{toy_copy / name}: the file is missing; manifest.json lists it."
    )


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_named(toy_copy: Path, name: str) -> None:
    content = (toy_copy / name).read_bytes()
    (toy_copy / name).write_bytes(content[:-7])
    assert message_of_open_and_verify(toy_copy) == (
        f"{toy_copy / name}: the file has {len(content) - 7:,} bytes; manifest.json says "
        f"{len(content):,}."
    )


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_found(toy_copy: Path, name: str) -> None:
    content = bytearray((toy_copy / name).read_bytes())
    content[len(content) // 2] ^= 4
    (toy_copy / name).write_bytes(content)
    assert message_of_open_and_verify(toy_copy).startswith(
        f"{toy_copy / name}: the file has sha256 of a sample "
    )


def test_exchanged_files_of_one_size_are_found(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    embeddings = make_sky(40).write(tmp_path / "sky")
    build = tmp_path / "toy"
    build_index(IndexRecipe(), embeddings=embeddings, out=build)
    one, other = build / "image" / "vectors.npy", build / "spectrum" / "vectors.npy"
    one.rename(build / "kept")
    other.rename(one)
    (build / "kept").rename(other)
    assert message_of_open_and_verify(build).startswith(f"{one}: the file has sha256 of a sample ")


def test_an_array_of_another_shape_is_refused(toy_copy: Path) -> None:
    np.save(toy_copy / "image" / "ids.npy", np.arange(1, 600))
    update_digest(toy_copy, "image/ids.npy")
    assert message_of_open_and_verify(toy_copy) == (
        f"{toy_copy / 'image' / 'ids.npy'}: int64 of shape (599,), manifest.json says int64 of "
        "shape (600,)."
    )


def test_a_stranger_among_the_files_is_found_by_verify(toy_copy: Path) -> None:
    (toy_copy / "image" / "notes.txt").write_text("mine")
    with pytest.raises(ManifestError) as caught:
        verify(toy_copy)
    assert str(caught.value) == (
        f"{toy_copy / 'image' / 'notes.txt'}: manifest.json does not list this file (1 such)."
    )


def test_ids_out_of_order_are_found_by_verify(toy_copy: Path) -> None:
    path = toy_copy / "spectrum" / "ids.npy"
    ids = np.load(path)
    first, second = int(ids[0]), int(ids[1])
    ids[[0, 1]] = ids[[1, 0]]
    np.save(path, ids)
    update_digest(toy_copy, "spectrum/ids.npy")
    with pytest.raises(ManifestError) as caught:
        verify(toy_copy)
    assert str(caught.value) == (
        f"{path}: TARGETIDs must ascend; {first} follows {second} at row 1."
    )


def test_a_vector_that_is_not_of_unit_length_is_found_by_verify(toy_copy: Path) -> None:
    path = toy_copy / "image" / "vectors.npy"
    vectors = np.load(path)
    vectors[17] *= 2
    np.save(path, vectors)
    update_digest(toy_copy, "image/vectors.npy")
    with pytest.raises(ManifestError) as caught:
        verify(toy_copy)
    assert str(caught.value) == f"{path}: the vector in row 17 has no unit norm."


def test_a_galaxy_that_the_catalogue_lacks_is_found_by_verify(toy_copy: Path) -> None:
    path = toy_copy / "image" / "ids.npy"
    ids = np.load(path)
    ids[-1] += 1
    np.save(path, ids)
    update_digest(toy_copy, "image/ids.npy")
    with pytest.raises(ManifestError) as caught:
        verify(toy_copy)
    assert str(caught.value) == (
        f"{toy_copy / 'catalogue.npy'}: lacks 1 of 600 galaxies with image vectors, first TARGETID "
        f"{ids[-1]}."
    )


def test_inverted_lists_of_the_other_modality_are_refused(toy_copy: Path) -> None:
    name = "image/lists.faiss"
    shutil.copy(toy_copy / "spectrum" / "lists.faiss", toy_copy / name)
    update_digest(toy_copy, name)
    with pytest.raises(ManifestError) as caught:
        open_build(toy_copy).modality(Modality.IMAGE)
    assert str(caught.value) == (
        f"{toy_copy / name}: IndexIVFPQ of 550 vectors of 16 components, 16 of them kept, in 8 "
        "lists; manifest.json says IndexIVFPQ, 600, 16, 16 and 8."
    )


def test_faiss_never_reads_a_file_before_its_whole_digest_agrees(
    toy_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    monkeypatch.setattr(segment_files, "read_lists", lambda path, **_: read.append(path))
    index = open_build(toy_copy)
    path = toy_copy / "image" / "lists.faiss"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=r"lists\.faiss: the file has sha256 "):
        index.modality(Modality.IMAGE)
    assert read == []
    index.modality(Modality.SPECTRUM)
    assert read == [toy_copy / "spectrum" / "lists.faiss"]


def test_a_faiss_file_of_garbage_is_an_error_of_ours(toy_copy: Path) -> None:
    name = "image/lists.faiss"
    (toy_copy / name).write_bytes(b"not an index at all" * 10)
    update_digest(toy_copy, name)
    with pytest.raises(GalsearchError, match=r"lists\.faiss: FAISS cannot \w+ it \("):
        open_build(toy_copy).modality(Modality.IMAGE)


def test_a_change_inside_a_large_file_passes_opening_and_fails_verify(
    toy_copy: Path,
) -> None:
    path = toy_copy / "image" / "vectors.npy"
    vectors = np.load(path)
    many = np.tile(vectors, (64, 1))
    assert many.nbytes > WHOLE_BELOW_BYTES
    ids = np.arange(1, len(many) + 1)
    for name, array in {"image/vectors.npy": many, "image/ids.npy": ids}.items():
        np.save(toy_copy / name, array)
        update_digest(toy_copy, name)
    change_manifest(
        toy_copy, lambda table: table["segments"][0]["n_vectors"].update(image=len(many))
    )
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 17 + (1 << 15))
        file.write(b"\x00\x01\x02\x03")
    open_build(toy_copy)
    with pytest.raises(ManifestError, match=r"vectors\.npy: the file has sha256 "):
        verify(toy_copy)


def test_progress_counts_the_files(toy_copy: Path) -> None:
    reports: list[tuple[str, int, int]] = []
    verify(toy_copy, progress=lambda *report: reports.append(report))
    n = len(read_manifest(toy_copy).files)
    assert reports == [("digests", done, n) for done in range(1, n + 1)]
