"""A build that was touched is refused, and the message names the file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import EncoderMismatchError, GalsearchError, ManifestError
from galsearch.core.modality import Modality
from galsearch.files.digest import WHOLE_BELOW_BYTES, FileDigest
from galsearch.index import IndexRecipe, build_index, open_build, verify
from galsearch.index.search import galaxy_index
from galsearch.index.storage import manifest_json as manifest_file
from galsearch.index.storage.manifest import MANIFEST_NAME
from galsearch.index.storage.manifest_json import read_manifest

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


@pytest.fixture(scope="module")
def pristine(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("verification")
    recipe = IndexRecipe(n_tuning_queries=5, n_bits=4)
    embeddings = make_sky(600).write(home / "sky", spectrum=slice(0, 550))
    build_index(recipe, embeddings=embeddings, out=home / "toy")
    return home / "toy"


@pytest.fixture
def build(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "toy"))


def refused(build: Path) -> str:
    """The message that opening and verifying agree on."""
    messages = []
    for check in (open_build, verify):
        with pytest.raises(ManifestError) as caught:
            check(build)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    return messages[0]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(build: Path, name: str) -> None:
    (build / name).unlink()
    assert refused(build) == f"{build / name}: the file is missing; manifest.json lists it."


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_named(build: Path, name: str) -> None:
    content = (build / name).read_bytes()
    (build / name).write_bytes(content[:-7])
    assert refused(build) == (
        f"{build / name}: the file has {len(content) - 7:,} bytes; manifest.json says "
        f"{len(content):,}."
    )


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_found(build: Path, name: str) -> None:
    content = bytearray((build / name).read_bytes())
    content[len(content) // 2] ^= 4
    (build / name).write_bytes(content)
    assert refused(build).startswith(f"{build / name}: the file has sha256 of a sample ")


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
    assert refused(build).startswith(f"{one}: the file has sha256 of a sample ")


def test_an_edited_manifest_is_found(build: Path) -> None:
    path = build / MANIFEST_NAME
    path.write_text(path.read_text().replace('"recall_target": 0.95', '"recall_target": 0.99'))
    assert refused(build) == f"{path}: was changed after galsearch wrote it."


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"format_version": 1}'])
def test_something_else_than_a_manifest_is_named(build: Path, content: bytes) -> None:
    (build / MANIFEST_NAME).write_bytes(content)
    assert refused(build).startswith(f"{build / MANIFEST_NAME}: ")


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_manifest_of_another_version_is_refused(build: Path, version: int) -> None:
    forge(build, lambda table: table.update(format_version=version))
    path = build / MANIFEST_NAME
    assert refused(build) == f"{path}: has format version {version}; this galsearch reads 5."


def test_a_directory_without_a_manifest_is_no_index(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"{tmp_path}: is not an index, it has no manifest.json."


def forge(build: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit the manifest as one who also knows its digest."""
    path = build / MANIFEST_NAME
    table = json.loads(path.read_text())
    del table["digest"]
    change(table)
    table["digest"] = manifest_file._digest(table)
    path.write_text(json.dumps(table))


def reseal(build: Path, name: str) -> None:
    """Give a changed file its new digest in the manifest."""
    digest = FileDigest.of(build / name)
    forge(build, lambda table: table["files"].update({name: vars(digest)}))


def test_modalities_of_two_encoders_are_refused(build: Path) -> None:
    forge(build, lambda table: table["modalities"]["image"].update(fingerprint="b" * 64))
    with pytest.raises(EncoderMismatchError) as caught:
        open_build(build)
    assert str(caught.value) == (
        f"image index of {build} has embeddings of encoder bbbbbbbbbbbbbbbb, spectrum index of "
        f"{build} of encoder aaaaaaaaaaaaaaaa. Similarities between embeddings of different "
        "encoders have no meaning."
    )


def test_an_array_of_another_shape_is_refused(build: Path) -> None:
    np.save(build / "image" / "ids.npy", np.arange(1, 600))
    reseal(build, "image/ids.npy")
    assert refused(build) == (
        f"{build / 'image' / 'ids.npy'}: int64 of shape (599,), manifest.json says int64 of shape "
        "(600,)."
    )


def test_a_stranger_among_the_files_is_found_by_verify(build: Path) -> None:
    (build / "image" / "notes.txt").write_text("mine")
    with pytest.raises(ManifestError) as caught:
        verify(build)
    assert str(caught.value) == (
        f"{build / 'image' / 'notes.txt'}: manifest.json does not list this file (1 such). Move it "
        "elsewhere."
    )


def test_ids_out_of_order_are_found_by_verify(build: Path) -> None:
    path = build / "spectrum" / "ids.npy"
    ids = np.load(path)
    first, second = int(ids[0]), int(ids[1])
    ids[[0, 1]] = ids[[1, 0]]
    np.save(path, ids)
    reseal(build, "spectrum/ids.npy")
    with pytest.raises(ManifestError) as caught:
        verify(build)
    assert str(caught.value) == (
        f"{path}: TARGETIDs must ascend, {first} follows {second} at row 1."
    )


def test_a_vector_that_is_not_of_unit_length_is_found_by_verify(build: Path) -> None:
    path = build / "image" / "vectors.npy"
    vectors = np.load(path)
    vectors[17] *= 2
    np.save(path, vectors)
    reseal(build, "image/vectors.npy")
    with pytest.raises(ManifestError) as caught:
        verify(build)
    assert str(caught.value) == f"{path}: the vector at row 17 is not a unit one."


def test_a_galaxy_that_the_catalogue_lacks_is_found_by_verify(build: Path) -> None:
    path = build / "image" / "ids.npy"
    ids = np.load(path)
    ids[-1] += 1
    np.save(path, ids)
    reseal(build, "image/ids.npy")
    with pytest.raises(ManifestError) as caught:
        verify(build)
    assert str(caught.value) == (
        f"{build / 'catalogue.npy'}: lacks 1 of 600 galaxies with image vectors, first TARGETID "
        f"{ids[-1]}."
    )


def test_inverted_lists_of_the_other_modality_are_refused(build: Path) -> None:
    name = "image/lists.faiss"
    shutil.copy(build / "spectrum" / "lists.faiss", build / name)
    reseal(build, name)
    with pytest.raises(ManifestError) as caught:
        open_build(build).modality(Modality.IMAGE)
    assert str(caught.value) == (
        f"{build / name}: IndexIVFPQ of 550 vectors of 16 components, 16 of them kept, in 8 "
        "lists; manifest.json says IndexIVFPQ, 600, 16, 16 and 8."
    )


def test_faiss_never_reads_a_file_before_its_whole_digest_agrees(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    monkeypatch.setattr(galaxy_index, "read_lists", lambda path, **_: read.append(path))
    index = open_build(build)
    path = build / "image" / "lists.faiss"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=r"lists\.faiss: the file has sha256 "):
        index.modality(Modality.IMAGE)
    assert read == []
    index.modality(Modality.SPECTRUM)
    assert read == [build / "spectrum" / "lists.faiss"]


def test_a_faiss_file_of_garbage_is_an_error_of_ours(build: Path) -> None:
    name = "image/lists.faiss"
    (build / name).write_bytes(b"not an index at all" * 10)
    reseal(build, name)
    with pytest.raises(GalsearchError, match=r"lists\.faiss: FAISS cannot read it \("):
        open_build(build).modality(Modality.IMAGE)


def test_a_change_inside_a_large_file_passes_opening_and_fails_verify(
    build: Path,
) -> None:
    path = build / "image" / "vectors.npy"
    vectors = np.load(path)
    many = np.tile(vectors, (64, 1))
    assert many.nbytes > WHOLE_BELOW_BYTES
    ids = np.arange(1, len(many) + 1)
    for name, array in {"image/vectors.npy": many, "image/ids.npy": ids}.items():
        np.save(build / name, array)
        reseal(build, name)
    forge(build, lambda table: table["segments"][0]["n_vectors"].update(image=len(many)))
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 17 + (1 << 15))
        file.write(b"\x00\x01\x02\x03")
    open_build(build)
    with pytest.raises(ManifestError, match=r"vectors\.npy: the file has sha256 "):
        verify(build)


def test_progress_counts_the_files(build: Path) -> None:
    reports: list[tuple[str, int, int]] = []
    verify(build, progress=lambda *report: reports.append(report))
    n = len(read_manifest(build).files)
    assert reports == [("digests", done, n) for done in range(1, n + 1)]
