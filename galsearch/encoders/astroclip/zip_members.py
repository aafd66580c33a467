"""Members of the zip archive that torch.save writes, checked before any of them is read.

The claims of an archive are compared with the size of the file, so that a small file cannot make
the reader allocate or unpack much more.
"""

import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from galsearch.core.errors import CheckpointError

MAX_PICKLE_BYTES = 1 << 26
"""Largest size in bytes of a pickle that is accepted: 64 MiB.

The values of tensors are not part of a pickle; those of the published checkpoints are under 1 MB.
"""
MAX_RATIO = 4
"""Largest size of all members together, in units of the size of the file.

PyTorch stores members without compression, and the weights of a network hardly shrink. Other
programs that pack an archive again may compress it.
"""
MAX_DIRECTORY_BYTES = 1 << 24
"""Largest size in bytes of the list of members, which has some 100 bytes for each tensor."""
_BROKEN_ARCHIVE = (
    *(zipfile.BadZipFile, EOFError, KeyError, NotImplementedError, OSError, OverflowError),
    *(RuntimeError, ValueError, struct.error),
)
"""Errors of `zipfile` for damaged archives, also for unreadable names and encrypted members."""


@dataclass(frozen=True)
class TorchArchive:
    """The members of an archive of torch.save."""

    path: Path
    pickled: io.BytesIO
    """Content of data.pkl, the pickle that describes the tensors."""
    sizes: Mapping[str, int]
    """Sizes in bytes of the blocks of tensor values, by the key of the block."""
    _folder: str

    def values(self, key: str) -> bytes:
        """The block of tensor values with a key.

        Raises
        ------
        CheckpointError
            Where the block is damaged.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                values = archive.read(f"{self._folder}data/{key}")
        except _BROKEN_ARCHIVE as error:
            raise _damaged(self.path, error) from None
        # The size of a member is not compared with its content, which may end earlier.
        if len(values) != self.sizes[key]:
            raise CheckpointError(
                f"{self.path}: the values of storage {key} have {len(values)} bytes; the archive "
                f"states {self.sizes[key]}."
            )
        return values


def open_torch_archive(path: Path) -> TorchArchive:
    """The members of an archive of torch.save; its blocks of values are read later.

    Raises
    ------
    CheckpointError
        Where the archive is damaged, is not one that torch.save writes, or unpacks to more than
        `MAX_RATIO` times its size.
    """
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            folder = _data_folder(path, members)
            _check_sizes(path, members, folder)
            pickled = io.BytesIO(archive.read(f"{folder}data.pkl"))
    except _BROKEN_ARCHIVE as error:
        if isinstance(error, CheckpointError):
            raise
        raise _damaged(path, error) from None
    prefix = f"{folder}data/"
    sizes = {
        name.removeprefix(prefix): info.file_size
        for name, info in members.items()
        if name.startswith(prefix)
    }
    return TorchArchive(path, pickled, sizes, folder)


def _damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"{path}: a truncated or damaged zip archive ({str(error)[:200]}).")


def _check_directory(path: Path) -> None:
    """Check the size of the list of members, all of which `zipfile` would read.

    The size is in a record at the end of the file (APPNOTE.TXT of PKWARE, section 4.3.16).
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16) - 22))
        end = file.read()
    record = end.rfind(b"PK\5\6")
    n_bytes = int.from_bytes(end[record + 12 : record + 16], "little") if record >= 0 else 0
    large = end.rfind(b"PK\6\6")
    if n_bytes == 0xFFFFFFFF and large >= 0:
        n_bytes = int.from_bytes(end[large + 40 : large + 48], "little")
    if n_bytes > MAX_DIRECTORY_BYTES:
        raise CheckpointError(
            f"{path}: its list of members has {n_bytes} bytes; expected at most "
            f"{MAX_DIRECTORY_BYTES}."
        )


def _data_folder(path: Path, members: Mapping[str, zipfile.ZipInfo]) -> str:
    """Name of the folder that holds data.pkl in the archive, with a slash at its end."""
    folders = [name.removesuffix("data.pkl") for name in members if name.endswith("/data.pkl")]
    if len(folders) == 1:
        return folders[0]
    checkpoints = [name for name in members if name.endswith((".ckpt", ".pt", ".pth"))]
    if checkpoints and not folders:
        raise CheckpointError(
            f"{path}: a zip archive that holds {', '.join(checkpoints[:5])}; unpack it first."
        )
    raise CheckpointError(
        f"{path}: a zip archive, but not one of PyTorch: it holds data.pkl {len(folders)} times, "
        "not once."
    )


def _check_sizes(path: Path, members: Mapping[str, zipfile.ZipInfo], folder: str) -> None:
    if f"{folder}constants.pkl" in members:
        raise CheckpointError(f"{path}: a TorchScript program; expected a checkpoint of tensors.")
    inflated, n_bytes = sum(info.file_size for info in members.values()), path.stat().st_size
    if inflated > MAX_RATIO * n_bytes:
        raise CheckpointError(
            f"{path}: members of {inflated} bytes in a file of {n_bytes}; PyTorch stores tensors "
            "uncompressed and once. Refused as a zip bomb."
        )
    n_pickled = members[f"{folder}data.pkl"].file_size
    if n_pickled > MAX_PICKLE_BYTES:
        raise CheckpointError(
            f"{path}: its pickle has {n_pickled} bytes without any tensor; expected at most "
            f"{MAX_PICKLE_BYTES}."
        )
    order = members.get(f"{folder}byteorder")
    if order is not None and order.file_size != len("little"):
        raise CheckpointError(f"{path}: written on a big-endian machine; convert it there.")
