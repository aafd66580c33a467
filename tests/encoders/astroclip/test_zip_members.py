"""Archives of torch.save are read, also if packed again; others are named or refused."""

import struct
import zipfile
from pathlib import Path

import pytest
import torch

from galsearch.core.errors import CheckpointError
from galsearch.encoders.astroclip.checkpoint_reader import open_tensors
from galsearch.encoders.astroclip.zip_members import MAX_DIRECTORY_BYTES, open_torch_archive


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    generator = torch.Generator().manual_seed(1)
    torch.save({"a": torch.randn(1000, generator=generator)}, tmp_path / "a.pt")
    return tmp_path / "a.pt"


def message_of(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        open_torch_archive(path)
    return str(caught.value)


def test_an_archive_that_was_packed_again_is_read(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "packed.pt"
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    found, expected = (open_tensors(name).read(["a"])["a"] for name in (path, saved))
    assert torch.equal(found, expected)


def test_an_archive_that_holds_a_checkpoint_is_named(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrapped.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(saved, "astroclip.ckpt")
    assert message_of(path) == (
        f"{path}: a zip archive that holds astroclip.ckpt; unpack it first."
    )


def test_a_name_that_is_not_text_is_refused(saved: Path) -> None:
    content = saved.read_bytes()
    directory = content.rindex(b"PK\x01\x02")
    broken = bytearray(content)
    broken[directory + 9] |= 8  # the flag of names in UTF-8
    broken[directory + 46] = 0xFF
    saved.write_bytes(broken)
    assert message_of(saved).startswith(f"{saved}: a truncated or damaged zip archive (")


def test_values_that_are_fewer_than_the_archive_states_are_refused(saved: Path) -> None:
    broken = bytearray(saved.read_bytes())
    entry = broken.rindex(b"a/data/0") - 46
    assert broken[entry : entry + 4] == b"PK\x01\x02"
    broken[entry + 16 : entry + 24] = bytes(8)  # the checksum and the packed size of no bytes
    saved.write_bytes(broken)
    with pytest.raises(CheckpointError) as caught:
        open_tensors(saved).read(["a"])
    assert str(caught.value) == (
        f"{saved}: the values of storage 0 have 0 bytes; the archive states 4000."
    )


@pytest.mark.parametrize("flag", [0x01, 0x20])
def test_encrypted_and_patched_members_are_refused(saved: Path, flag: int) -> None:
    broken = bytearray(saved.read_bytes())
    start = 0
    while (start := broken.find(b"PK\x01\x02", start)) >= 0:
        broken[start + 8] |= flag
        start += 46
    saved.write_bytes(broken)
    assert message_of(saved).startswith(f"{saved}: a truncated or damaged zip archive (")


def test_a_huge_list_of_members_is_refused(saved: Path) -> None:
    broken = bytearray(saved.read_bytes())
    record = broken.rindex(b"PK\x05\x06")
    struct.pack_into("<I", broken, record + 12, MAX_DIRECTORY_BYTES + 1)
    saved.write_bytes(broken)
    assert message_of(saved) == (
        f"{saved}: its list of members has {MAX_DIRECTORY_BYTES + 1} bytes; expected at most "
        f"{MAX_DIRECTORY_BYTES}."
    )
