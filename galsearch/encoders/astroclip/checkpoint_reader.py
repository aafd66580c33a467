"""Reader of the tensors in an untrusted checkpoint; it never runs the checkpoint's code.

Three formats are read: the zip archive of torch.save (since PyTorch 1.6; Lightning writes it
too), its older sequence of pickles, and safetensors. The claims of a file are checked before
memory is allocated: archive members are stored without compression and are no larger than the
file, and tensors lie inside their storages.
"""

import io
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from galsearch.core.errors import CheckpointError
from galsearch.encoders.astroclip.inert_objects import Storage, StoredTensor
from galsearch.encoders.astroclip.shards import check_single_file
from galsearch.encoders.astroclip.unpickler import unpickle
from galsearch.encoders.astroclip.zip_members import MAX_PICKLE_BYTES, open_torch_archive
from galsearch.files.content_kind import N_FIRST_BYTES, describe_content

KNOWN_FORMATS = "The known formats are those of torch.save (.ckpt, .pt, .pth) and safetensors"
_STATE_KEYS = ("state_dict", "teacher", "module", "model", "model_state_dict")
"""Keys under which checkpoints store the tensors of the model."""
_MAGIC = 0x1950A86A20F9469CFC6C
"""Number that is the first object in every file that torch.save wrote before PyTorch 1.6."""


@dataclass(frozen=True)
class TensorFile:
    """The tensors of a checkpoint file, by name.

    Their shapes are known when the file is opened; their values are read on request.
    """

    where: str
    tensors: Mapping[str, Tensor]
    """Tensors on the meta device: shape and type without values."""
    metadata: Mapping[str, str]
    """Metadata of a safetensors file; empty for other formats."""
    _read: Callable[[str], Tensor]

    def read(self, names: Iterable[str]) -> dict[str, Tensor]:
        """Tensors with their values, read from the file, by name.

        Raises
        ------
        CheckpointError
            Where the file does not hold the values that its headers describe.
        """
        try:
            return {name: self._read(name) for name in names}
        except (OSError, EOFError, SafetensorError) as error:
            raise CheckpointError(f"{self.where}: damaged ({error}).") from None


def open_tensors(path: str | Path) -> TensorFile:
    """The tensors in a checkpoint file, found without executing anything in it.

    They are the entries of `state_dict` in a Lightning checkpoint, of `teacher` in AstroDINO's, of
    `module`, `model` or `model_state_dict` in those of other programs, and of the dictionary itself
    in any other file.

    Parameters
    ----------
    path
        Checkpoint of torch.save (.ckpt, .pt, .pth) or safetensors file.

    Raises
    ------
    CheckpointError
        Where the file is missing, truncated, of another format, or would run code if PyTorch
        opened it; where the checkpoint consists of several files.
    """
    path = Path(path)
    check_single_file(path)
    with path.open("rb") as file:
        head = file.read(N_FIRST_BYTES)
    if head[:4] == b"PK\x03\x04":
        return _open_archive(path)
    if head[8:9] == b"{":
        return _open_safetensors(path)
    if head[:1] == b"\x80":
        return _open_pickles(path)
    raise CheckpointError(
        f"{path}: not a checkpoint: the file ({path.stat().st_size} bytes) is "
        f"{describe_content(head)}. {KNOWN_FORMATS}."
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
    archive = open_torch_archive(path)
    stored = _state_dict(unpickle(archive.pickled, str(path)), str(path))
    for name, tensor in stored.items():
        _check_layout(f"{path}: tensor {name}", tensor, archive.sizes.get(tensor.key))

    def read(name: str) -> Tensor:
        return _as_tensor(stored[name], archive.values(stored[name].key))

    return TensorFile(str(path), _shapes(stored), {}, read)


def _open_pickles(path: Path) -> TensorFile:
    """The tensors in a file that torch.save wrote before PyTorch 1.6.

    Such a file holds five pickles, then the blocks of tensor values (storages), each preceded by
    its length.
    """
    with path.open("rb") as file:
        stream = io.BytesIO(file.read(MAX_PICKLE_BYTES))
    where, storages = str(path), dict[str, Storage]()
    if unpickle(stream, where) != _MAGIC:
        raise CheckpointError(f"{path}: a bare pickle. {KNOWN_FORMATS}.")
    _, system, content, keys = (unpickle(stream, where, storages) for _ in range(4))
    if not (isinstance(system, dict) and system.get("little_endian") is True):
        raise CheckpointError(f"{path}: written on a big-endian machine; convert it there.")
    stored = _state_dict(content, where)
    ranges = _storage_ranges(path, stream.tell(), keys, storages)
    for name, tensor in stored.items():
        _, n_bytes = ranges.get(tensor.key, (0, None))
        _check_layout(f"{path}: tensor {name}", tensor, n_bytes)

    def read(name: str) -> Tensor:
        start, n_bytes = ranges[stored[name].key]
        with path.open("rb") as file:
            file.seek(start)
            return _as_tensor(stored[name], file.read(n_bytes))

    return TensorFile(where, _shapes(stored), {}, read)


def _storage_ranges(
    path: Path, start: int, keys: Any, storages: Mapping[str, Storage]
) -> dict[str, tuple[int, int]]:
    """(First byte, number of bytes) in the file of each block of tensor values, by its key."""
    if not isinstance(keys, list) or any(key not in storages for key in keys):
        raise CheckpointError(f"{path}: damaged: it lists storages that no tensor uses.")
    ranges = {}
    with path.open("rb") as file:
        for key in keys:
            file.seek(start)
            n_stored = int.from_bytes(file.read(8), "little")
            n_bytes = n_stored * getattr(torch, storages[key].dtype).itemsize
            if n_stored != storages[key].n_stored or start + 8 + n_bytes > path.stat().st_size:
                raise CheckpointError(
                    f"{path}: truncated or damaged where the {storages[key].n_stored} values of "
                    f"storage {key} should be."
                )
            ranges[key] = start + 8, n_bytes
            start += 8 + n_bytes
    return ranges


def _shapes(stored: Mapping[str, StoredTensor]) -> dict[str, Tensor]:
    return {
        name: torch.empty(tensor.shape, dtype=getattr(torch, tensor.dtype), device="meta")
        for name, tensor in stored.items()
    }


def _state_dict(content: Any, where: str) -> dict[str, StoredTensor]:
    """The named tensors in the unpickled content of a checkpoint."""
    for key in _STATE_KEYS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict):
        raise CheckpointError(f"{where}: holds no dictionary of tensors (state_dict or teacher).")
    others = [name for name, value in content.items() if not isinstance(value, StoredTensor)]
    if others or not content or not all(type(name) is str for name in content):
        shown = (name[:80] if type(name) is str else type(name).__name__ for name in others[:5])
        raise CheckpointError(
            f"{where}: expected a dictionary of tensors by name, found {len(content)} entries of "
            f"which {len(others)} are not tensors: {', '.join(shown) or 'none'}."
        )
    return content


def _check_layout(title: str, tensor: StoredTensor, found_bytes: int | None) -> None:
    """Check that a tensor lies inside its block of values, and that block inside the file."""
    n_bytes = tensor.n_stored * getattr(torch, tensor.dtype).itemsize
    if found_bytes != n_bytes:
        found = "is not in the file" if found_bytes is None else f"has {found_bytes} bytes"
        raise CheckpointError(f"{title} needs a storage of {n_bytes} bytes, which {found}.")
    n_values = math.prod(tensor.shape)
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((side - 1) * step for side, step in steps)
    outside = last >= tensor.n_stored or max(tensor.strides, default=0) > tensor.n_stored
    if outside or not 0 < n_values <= tensor.n_stored:
        raise CheckpointError(
            f"{title} of shape {tensor.shape} reaches past the {tensor.n_stored} values stored."
        )


def _as_tensor(stored: StoredTensor, values: bytes) -> Tensor:
    flat = torch.frombuffer(bytearray(values), dtype=getattr(torch, stored.dtype))
    return flat.as_strided(stored.shape, stored.strides, stored.offset).contiguous()
