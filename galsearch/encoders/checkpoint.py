"""Weights on disk: one safetensors file whose metadata holds config and fingerprint.

Nothing in such a file can be executed. The fingerprint is a SHA-256 over the architecture, the
version of the preparation and every tensor; it is checked on reading, so that a file that was
changed by anything but this module is refused.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from galsearch.core.errors import CheckpointError, ConfigError
from galsearch.encoders.encoder_config import PREPARATION_VERSION, ModelConfig
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from galsearch.files.config import as_table, config_from_table

FORMAT = "galsearch-encoder-1"
ADDED_LATER = {"n_templates": 0, "first_token": False}
"""Fields of a section that older weights lack: what is off is no part of a fingerprint, so that
they, and all that they embedded, keep theirs."""


def fingerprint(model: CrossModalModel) -> str:
    """64 hexadecimal digits: the same for the same architecture, weights and preparation.

    The name of the model is no part of it.
    """
    return _fingerprint(model.config, model.state_dict())


def save(path: str | Path, model: CrossModalModel, *, note: str = "") -> str:
    """Write config, weights and `note` (such as how it was trained); return the fingerprint.

    The file appears whole or not at all.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    digest = _fingerprint(model.config, tensors)
    metadata = {
        "format": FORMAT,
        "config": json.dumps(_table(model.config)),
        "preparation_version": str(PREPARATION_VERSION),
        "fingerprint": digest,
        "note": note,
    }
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.touch()
        permissions = temporary.stat().st_mode
        save_file(tensors, temporary, metadata=metadata)
        # safetensors leaves files that their owner alone may read.
        temporary.chmod(permissions)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return digest


def read(path: str | Path) -> CrossModalModel:
    """The model in evaluation mode, float32, on the CPU.

    Raises
    ------
    CheckpointError
        Where the file is missing, truncated, not written by `save`, made for another version of
        the preparation, or its tensors do not fit its config or its fingerprint.
    """
    metadata, tensors = _read_file(Path(path))
    version = metadata.get("preparation_version")
    if version != str(PREPARATION_VERSION):
        raise CheckpointError(
            f"{path}: made for version {version} of the preparation, this galsearch has version "
            f"{PREPARATION_VERSION}: train or convert it again."
        )
    try:
        table = json.loads(metadata["config"])
        config = config_from_table(table, ModelConfig, where=f"{path}, its config")
    except (KeyError, json.JSONDecodeError, ConfigError) as error:
        raise CheckpointError(
            f"{path}: the config in its metadata cannot be read: {error}"
        ) from None
    model = build(config, tensors, where=str(path))
    if _fingerprint(config, tensors) != metadata.get("fingerprint"):
        raise CheckpointError(
            f"{path}: its tensors do not have the fingerprint in its metadata: the file was "
            "damaged or edited."
        )
    return model


def build(config: ModelConfig, tensors: dict[str, Tensor], *, where: str) -> CrossModalModel:
    """The model that `config` describes with these weights, in evaluation mode.

    Raises
    ------
    CheckpointError
        Listing every missing, unknown and mis-shaped tensor, or every one that is not finite.
    """
    with torch.device("meta"):
        model = CrossModalModel(config)
    check_tensors(model.state_dict(), tensors, where=where)
    _check_finite(tensors, where=where)
    model.load_state_dict(
        {name: tensor.to(torch.float32) for name, tensor in tensors.items()}, assign=True
    )
    return model.eval().requires_grad_(requires_grad=False)


def check_tensors(expected: dict[str, Tensor], found: dict[str, Tensor], *, where: str) -> None:
    """Raise one `CheckpointError` that lists all that is wrong with `found`; else do nothing.

    Names, shapes and types are compared, and no numbers: either side may be on the meta device.
    """
    problems = {
        "missing": [name for name in expected if name not in found],
        "unknown": [name for name in found if name not in expected],
        "mis-shaped": [
            f"{name} is {tuple(found[name].shape)} and should be {tuple(tensor.shape)}"
            for name, tensor in expected.items()
            if name in found and found[name].shape != tensor.shape
        ],
        "not floating point": [
            name for name, tensor in found.items() if not tensor.is_floating_point()
        ],
    }
    said = [
        f"{len(names)} {kind}: {', '.join(names)}." for kind, names in problems.items() if names
    ]
    if said:
        raise CheckpointError(
            f"{where}: expected {len(expected)} tensors, found {len(found)}. {' '.join(said)}"
        )


def _check_finite(tensors: dict[str, Tensor], *, where: str) -> None:
    bad = [name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all())]
    if bad:
        raise CheckpointError(
            f"{where}: {len(bad)} of {len(tensors)} tensors hold numbers that are not finite: "
            f"{', '.join(bad)}."
        )


def _read_file(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; expected weights written by galsearch.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise CheckpointError(
                    f"{path}: safetensors, but not written by galsearch (format "
                    f"{metadata.get('format')!r}, expected {FORMAT!r}): "
                    "galsearch convert-checkpoint brings published weights here."
                )
            return metadata, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise CheckpointError(
            f"{path}: not a complete safetensors file ({error}): galsearch convert-checkpoint "
            "reads PyTorch checkpoints."
        ) from None


def _table(config: ModelConfig) -> dict[str, Any]:
    return {key: value for key, value in as_table(config).items() if value is not None}


def _fingerprint(config: ModelConfig, tensors: dict[str, Tensor]) -> str:
    table = {key: _as_before(value) for key, value in _table(config).items() if key != "name"}
    digest = hashlib.sha256(
        json.dumps([FORMAT, PREPARATION_VERSION, table], sort_keys=True).encode()
    )
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _as_before(section: Any) -> Any:
    if not isinstance(section, dict):
        return section
    return {key: value for key, value in section.items() if ADDED_LATER.get(key, ...) != value}
