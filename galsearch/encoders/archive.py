"""Tensors out of a file that someone else wrote, none of its code run.

Two formats are read: torch.save's zip archive (since PyTorch 1.6; Lightning writes it too) and
safetensors. What a file claims is checked before memory is spent on it: members are stored
without compression and no larger than the file, tensors lie inside their storages.
"""

import io
import math
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from galsearch.core.errors import CheckpointError
from galsearch.encoders.pickled import StoredTensor, unpickle

LARGEST_PICKLE_BYTES = 1 << 26
"""Of the pickle without the tensors' numbers; the published ones have less than a megabyte."""
FORMAT_LISTED = "PyTorch zip archives (.ckpt, .pt, .pth) and safetensors are read"


@dataclass(frozen=True)
class TensorFile:
    """The tensors of a file by name: their shapes at once, their numbers when asked for."""

    where: str
    tensors: Mapping[str, Tensor]
    """On the meta device: shape and type without numbers."""
    metadata: Mapping[str, str]
    """Of a safetensors file."""
    _read: Callable[[str], Tensor]

    def read(self, names: Iterable[str]) -> dict[str, Tensor]:
        """The tensors of these names.

        Raises
        ------
        CheckpointError
            Where the file does not hold the numbers that it claims.
        """
        try:
            return {name: self._read(name) for name in names}
        except (zipfile.BadZipFile, OSError, EOFError, SafetensorError) as error:
            raise CheckpointError(f"{self.where}: damaged ({error}).") from None


def open_tensors(path: str | Path) -> TensorFile:
    """The tensors in a checkpoint; nothing in it is executed.

    Of a Lightning checkpoint these are the ones in `state_dict`, of AstroDINO's those in
    `teacher`, of any other dictionary those in itself.

    Raises
    ------
    CheckpointError
        Where the file is missing, truncated, of another format, or would run code if PyTorch
        opened it.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; expected a checkpoint.")
    with path.open("rb") as file:
        head = file.read(9)
    if head[:4] == b"PK\x03\x04":
        return _open_archive(path)
    if head[8:] == b"{":
        return _open_safetensors(path)
    if head[:1] == b"\x80":
        return _refuse_bare_pickle(path)
    raise CheckpointError(
        f"{path}: not a checkpoint ({path.stat().st_size} bytes that begin with {head!r}). "
        f"{FORMAT_LISTED}."
    )


def _open_safetensors(path: Path) -> TensorFile:
    try:
        with safe_open(path, framework="pt") as file:
            shapes = {name: file.get_tensor(name).to("meta") for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise CheckpointError(f"{path}: not a complete safetensors file ({error}).") from None

    def read(name: str) -> Tensor:
        with safe_open(path, framework="pt") as file:
            tensor: Tensor = file.get_tensor(name)
            return tensor

    return TensorFile(str(path), shapes, metadata, read)


def _open_archive(path: Path) -> TensorFile:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            folder = _check_members(path, members)
            pickled = io.BytesIO(archive.read(f"{folder}data.pkl"))
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise CheckpointError(
            f"{path}: a truncated or damaged zip archive ({error}): download it again."
        ) from None
    stored = _state_dict(unpickle(pickled, str(path)), str(path))
    for name, tensor in stored.items():
        _check_layout(f"{path}: tensor {name}", tensor, members.get(f"{folder}data/{tensor.key}"))

    def read(name: str) -> Tensor:
        with zipfile.ZipFile(path) as archive:
            return _as_tensor(stored[name], archive.read(f"{folder}data/{stored[name].key}"))

    shapes = {
        name: torch.empty(tensor.shape, dtype=getattr(torch, tensor.dtype), device="meta")
        for name, tensor in stored.items()
    }
    return TensorFile(str(path), shapes, {}, read)


def _check_members(path: Path, members: Mapping[str, zipfile.ZipInfo]) -> str:
    """The folder in the archive that holds `data.pkl`; raises for what torch.save never writes."""
    folders = [name.removesuffix("data.pkl") for name in members if name.endswith("/data.pkl")]
    if len(folders) != 1:
        raise CheckpointError(
            f"{path}: a zip archive, but not of PyTorch (data.pkl is in it {len(folders)} times)."
        )
    folder = folders[0]
    if f"{folder}constants.pkl" in members:
        raise CheckpointError(f"{path}: a TorchScript program; expected a checkpoint of tensors.")
    inflated = sum(info.file_size for info in members.values())
    packed = any(info.compress_type != zipfile.ZIP_STORED for info in members.values())
    if packed or inflated > path.stat().st_size:
        raise CheckpointError(
            f"{path}: members of {inflated} bytes in a file of {path.stat().st_size}; PyTorch "
            "stores tensors uncompressed and once. Refused as a zip bomb."
        )
    if members[f"{folder}data.pkl"].file_size > LARGEST_PICKLE_BYTES:
        raise CheckpointError(
            f"{path}: its pickle has {members[f'{folder}data.pkl'].file_size} bytes without any "
            f"tensor; expected at most {LARGEST_PICKLE_BYTES}."
        )
    order = members.get(f"{folder}byteorder")
    if order is not None and order.file_size != len("little"):
        raise CheckpointError(f"{path}: written on a big-endian machine; convert it there.")
    return folder


def _state_dict(content: Any, where: str) -> dict[str, StoredTensor]:
    """The named tensors in what a checkpoint unpickled to."""
    for key in ("state_dict", "teacher"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict):
        raise CheckpointError(f"{where}: holds no dictionary of tensors (state_dict or teacher).")
    others = [str(name) for name, value in content.items() if not isinstance(value, StoredTensor)]
    if others or not content or not all(type(name) is str for name in content):
        raise CheckpointError(
            f"{where}: expected a dictionary of tensors by name, found {len(content)} entries of "
            f"which {len(others)} are no tensors: {', '.join(others[:5]) or 'none'}."
        )
    return content


def _check_layout(what: str, tensor: StoredTensor, member: zipfile.ZipInfo | None) -> None:
    """Raise unless the tensor lies in its storage and the storage in the archive."""
    n_bytes = tensor.n_stored * getattr(torch, tensor.dtype).itemsize
    if member is None or member.file_size != n_bytes:
        found = "is not in the archive" if member is None else f"has {member.file_size} bytes"
        raise CheckpointError(f"{what} needs a storage of {n_bytes} bytes, which {found}.")
    n_numbers = math.prod(tensor.shape)
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((side - 1) * step for side, step in steps)
    outside = last >= tensor.n_stored or max(tensor.strides, default=0) > tensor.n_stored
    if outside or not 0 < n_numbers <= tensor.n_stored:
        raise CheckpointError(
            f"{what} of shape {tensor.shape} reaches past the {tensor.n_stored} numbers stored."
        )


def _as_tensor(stored: StoredTensor, numbers: bytes) -> Tensor:
    flat = torch.frombuffer(bytearray(numbers), dtype=getattr(torch, stored.dtype))
    return flat.as_strided(stored.shape, stored.strides, stored.offset).contiguous()


def _refuse_bare_pickle(path: Path) -> TensorFile:
    """Raise: as dangerous where it is that, else as a format that is not read."""
    if path.stat().st_size <= LARGEST_PICKLE_BYTES:
        stream = io.BytesIO(path.read_bytes())
        # torch.save before 1.6 wrote a magic number, a version and the system before the content.
        for _ in range(4):
            if stream.tell() < len(stream.getbuffer()):
                unpickle(stream, str(path))
    raise CheckpointError(
        f"{path}: a bare pickle or a checkpoint from before PyTorch 1.6. {FORMAT_LISTED}; "
        "saving it again with torch.save writes such an archive."
    )
