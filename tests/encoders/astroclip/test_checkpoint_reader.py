"""Tensors are read from every format of torch.save; damaged and dangerous files are refused."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from galsearch.encoders import convert_checkpoint, load
from galsearch.encoders.astroclip.checkpoint_reader import open_tensors
from tests.damaged_files import assert_only_galsearch_errors
from tests.encoders.conftest import CHECKPOINTS


def before_zip(source: Path, path: Path) -> Path:
    """The content of a checkpoint in the format of torch.save before PyTorch 1.6."""
    content = torch.load(source, weights_only=True)
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path


@pytest.mark.parametrize("name", ["tiny_specformer_ckpt.pt", "tiny_astrodino_teacher.pt"])
def test_files_of_torch_before_zip_archives_are_read(
    parity: Path, converted: Callable[[str], Path], sections: Any, tmp_path: Path, name: str
) -> None:
    old = before_zip(parity / name, tmp_path / name)
    pair = load(convert_checkpoint(old, tmp_path / "out.safetensors", sections))
    assert pair.fingerprint == load(converted(name)).fingerprint


@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.99])
def test_a_truncated_sequence_of_pickles_is_refused(
    refused: Callable[..., str], parity: Path, tmp_path: Path, share: float
) -> None:
    path = before_zip(parity / "tiny_specformer_ckpt.pt", tmp_path / "old.pt")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert "truncated" in refused(path)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_truncated_file_is_refused(
    refused: Callable[..., str], parity: Path, tmp_path: Path, name: str, share: float
) -> None:
    content = (parity / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: int(share * len(content))])
    message = refused(path)
    assert message.startswith(f"{path}: ")
    assert "truncated" in message or "not a complete safetensors file" in message


def test_a_tensor_that_reaches_past_its_storage_is_refused(
    refused: Callable[..., str], parity: Path, tmp_path: Path
) -> None:
    source = parity / "tiny_specformer_ckpt.pt"
    path = tmp_path / "short.pt"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            short = info.filename.endswith("/data/3")
            new.writestr(info.filename, content[:-4] if short else content)
    assert "needs a storage of " in refused(path)


def test_a_zip_bomb_is_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", b"\x80\x02}.")
        archive.writestr("bomb/data/0", bytes(10_000_000))
    assert "Refused as a zip bomb." in refused(path)


@pytest.mark.parametrize("key", ["state_dict", "teacher", "module", "model", "model_state_dict"])
def test_tensors_are_found_under_the_keys_of_several_programs(tmp_path: Path, key: str) -> None:
    torch.save({key: {"a": torch.ones(2)}, "epoch": 3}, tmp_path / "a.ckpt")
    assert list(open_tensors(tmp_path / "a.ckpt").tensors) == ["a"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<!DOCTYPE html><html><title>Sign in</title></html>", "a web page (HTML)"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of git-lfs"),
        (b"", "empty (0 bytes)"),
        (b"BZh91AY&SY", "packed with bzip2"),
    ],
)
def test_a_file_of_another_kind_is_named(
    refused: Callable[..., str], tmp_path: Path, content: bytes, kind: str
) -> None:
    path = tmp_path / "astroclip.ckpt"
    path.write_bytes(content)
    expected = f"{path}: not a checkpoint: the file ({len(content)} bytes) is {kind}"
    assert refused(path).startswith(expected)


def test_damaged_checkpoints_raise_only_errors_of_galsearch(tmp_path: Path) -> None:
    content = {"state_dict": {"a": torch.arange(6.0), "b": torch.ones(2, 2)}, "epoch": 1}
    torch.save(content, tmp_path / "new.pt")
    torch.save(content, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    save_file(content["state_dict"], tmp_path / "c.safetensors", metadata={"a": "b"})
    originals = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    path = tmp_path / "damaged.pt"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        file = open_tensors(path)
        file.read(file.tensors)

    assert_only_galsearch_errors(read, originals, copies=600)
