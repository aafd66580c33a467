"""Digests of files: what the sample finds, and what reading the whole file finds."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import ManifestError, ShardError
from galsearch.files.digest import (
    WHOLE_BELOW_BYTES,
    FileDigest,
    require_digest,
    sha256_of_file,
    sha256_of_parts,
    sha256_of_text,
)


def test_an_untouched_file_agrees(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(b"galaxies" * 1000)
    digest = FileDigest.of(path)
    digest.check(path, whole=True)
    digest.check(path, whole=False)
    assert digest.n_bytes == 8000
    assert digest.sample_sha256 == digest.sha256, "a small file is its own sample"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(b"galaxies")
    digest = FileDigest.of(path)
    path.unlink()
    with pytest.raises(ManifestError) as caught:
        digest.check(path, whole=False)
    assert str(caught.value) == f"{path}: the file is missing; manifest.json lists it."


def test_a_truncated_file_is_named_with_both_sizes(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(b"x" * 5000)
    digest = FileDigest.of(path)
    path.write_bytes(b"x" * 4000)
    with pytest.raises(ManifestError) as caught:
        digest.check(path, whole=False)
    assert str(caught.value) == (f"{path}: the file has 4,000 bytes; manifest.json says 5,000.")


@pytest.mark.parametrize("position", [0, 100, -1])
def test_a_changed_byte_at_either_end_is_found_by_the_sample(tmp_path: Path, position: int) -> None:
    path = tmp_path / "a.npy"
    content = bytearray(3 * WHOLE_BELOW_BYTES)
    path.write_bytes(content)
    digest = FileDigest.of(path)
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        ManifestError,
        match=r"^.*a\.npy: the file has sha256 of a sample .* not the file that was built",
    ):
        digest.check(path, whole=False)


def test_a_byte_changed_between_the_samples_is_found_by_a_full_reading_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.npy"
    content = bytearray(3 * WHOLE_BELOW_BYTES)
    path.write_bytes(content)
    digest = FileDigest.of(path)
    content[len(content) // 17 + (1 << 15)] ^= 1
    path.write_bytes(content)
    digest.check(path, whole=False)
    with pytest.raises(
        ManifestError, match=r"^.*a\.npy: the file has sha256 .* not the file that was built"
    ):
        digest.check(path, whole=True)


def test_a_file_of_another_digest_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    written = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    require_digest(path, written, ShardError, recorded_in="store.json")
    path.write_bytes(b"abd")
    with pytest.raises(ShardError) as caught:
        require_digest(path, written, ShardError, recorded_in="store.json")
    assert str(caught.value) == (
        f"{path}: the file has sha256 a52d159f262b2c6d; store.json says ba7816bf8f01cfea. It is "
        "not the file that was written."
    )
    with pytest.raises(ShardError, match=r"none: cannot be read \(No such file or directory\)"):
        require_digest(tmp_path / "none", written, ShardError, recorded_in="store.json")
    assert caught.value.facts == {"path": path}


def test_known_digests(tmp_path: Path) -> None:
    known = "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
    (tmp_path / "a").write_bytes("é".encode())
    assert sha256_of_file(tmp_path / "a") == known
    assert sha256_of_text("é") == sha256_of_parts([b"\xc3", memoryview(b"\xa9")]) == known


@pytest.mark.parametrize("size", [0, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_the_sample_is_that_of_every_index_built_before(tmp_path: Path, size: int) -> None:
    """Another sample would make all older indexes look damaged."""
    content = np.random.default_rng(size).bytes(size)
    (tmp_path / "a").write_bytes(content)
    sampled = content
    if size > 2**20:
        starts = [size * block // 17 for block in range(1, 17)]
        blocks = [content[start : start + 2**14] for start in starts]
        sampled = b"".join([content[: 2**16], *blocks, content[-(2**16) :]])
    assert FileDigest.of(tmp_path / "a") == FileDigest(
        size, hashlib.sha256(content).hexdigest(), hashlib.sha256(sampled).hexdigest()
    )


@pytest.mark.parametrize("kind", ["directory", "below a file"])
def test_what_is_no_file_is_missing(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a").write_bytes(b"1")
    digest = FileDigest.of(tmp_path / "a")
    path = tmp_path if kind == "directory" else tmp_path / "a" / "b"
    with pytest.raises(ManifestError) as caught:
        digest.check(path, whole=True)
    assert str(caught.value) == f"{path}: the file is missing; manifest.json lists it."
    assert caught.value.facts == {"path": path}


@pytest.mark.parametrize(("whole", "kind"), [(True, "sha256"), (False, "sha256 of a sample")])
def test_a_difference_is_stated_with_both_digests(tmp_path: Path, whole: bool, kind: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    digest = FileDigest.of(path)
    path.write_bytes(b"abd")
    with pytest.raises(ManifestError) as caught:
        digest.check(path, whole=whole)
    assert str(caught.value) == (
        f"{path}: the file has {kind} a52d159f262b2c6d; manifest.json says ba7816bf8f01cfea. It is "
        "not the file that was built."
    )
    assert caught.value.facts == {"path": path}
    digest.check(path, whole=whole, open_file=lambda _: io.BytesIO(b"abc"))
    with pytest.raises(ManifestError) as shorter:
        digest.check(path, whole=whole, open_file=lambda _: io.BytesIO(b"ab"))
    assert shorter.value.facts == {"path": path}
