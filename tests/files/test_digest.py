"""Digests of files: what the sample finds, and what reading the whole file finds."""

from pathlib import Path

import pytest

from galsearch.core.errors import ManifestError, ShardError
from galsearch.files.digest import WHOLE_BELOW_BYTES, FileDigest, require_digest


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
