"""Weights on disk: one safetensors file whose metadata holds the configuration and fingerprint.

Nothing in such a file can be executed. The fingerprint is a sha256 of the architecture, the
version of the preprocessing and every tensor. It is checked when the file is read, so a file that
anything but this module has changed is refused.
"""

import json
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from galsearch.core.errors import CheckpointError, ConfigError, NotConvertedError
from galsearch.core.fingerprint import Fingerprint
from galsearch.encoders.encoder_config import OLDER_VERSIONS, ModelConfig
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from galsearch.files.config import as_table, config_from_table
from galsearch.files.content_kind import N_FIRST_BYTES, describe_foreign_content
from galsearch.files.digest import sha256_of_parts
from galsearch.files.json_input import parse_json
from galsearch.files.safetensors_header import write_safetensors

FORMAT = "galsearch-encoder-1"
FIELDS_ADDED_LATER = {"n_templates": 0, "first_token": False, "mask_channels": False}
"""Configuration fields that older files of weights lack, with the value that means "not used".

A field with this value is left out of the fingerprint, so older weights, and the embeddings made
with them, keep their fingerprint.
"""
_NOT_IN_FINGERPRINT = {"name", "training_range"}
"""Configuration fields on which no vector depends."""


def fingerprint(model: CrossModalModel) -> Fingerprint:
    """Fingerprint of a model, which depends on its architecture, weights and preprocessing.

    The name and the training range of the model are not part of it.
    """
    return _fingerprint(model.config, model.state_dict())


def save(path: str | Path, model: CrossModalModel, *, note: str = "") -> Fingerprint:
    """Write the configuration and weights of a model; the fingerprint of the model is returned.

    The file is written atomically. `note` is free text in its metadata, such as the training
    settings.

    Parameters
    ----------
    path
        Safetensors file to be written.
    model
        Model whose configuration and weights are written.
    note
        Free text for the metadata of the file.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    digest = _fingerprint(model.config, tensors)
    metadata = {
        "format": FORMAT,
        "config": json.dumps(_table(model.config)),
        "preparation_version": str(model.config.preparation_version),
        "fingerprint": digest,
        "note": note,
    }
    # safetensors.torch.save_file makes a temporary file of its own, which a killed process would
    # leave behind.
    write_safetensors(Path(path), safetensors.torch.save(tensors, metadata=metadata))
    return digest


def read(path: str | Path) -> CrossModalModel:
    """The model in a file of weights, in evaluation mode, float32, on the CPU.

    Parameters
    ----------
    path
        Safetensors file of weights.

    Raises
    ------
    NotConvertedError
        Where the file is not in the safetensors format, or was not written by `save`.
    CheckpointError
        Where the file is missing, was written for another version of the preprocessing, or its
        tensors do not fit its configuration or fingerprint.
    """
    metadata, tensors = _read_file(Path(path))
    place = f"{path}, the config in its metadata"
    table = parse_json(metadata.get("config", ""), place, CheckpointError)
    try:
        config = config_from_table(table, ModelConfig, where=place)
    except ConfigError as error:
        raise CheckpointError(str(error)) from None
    version = metadata.get("preparation_version", "")
    readable = (config.preparation_version, *OLDER_VERSIONS[config.preparation])
    if version not in map(str, readable):
        raise CheckpointError(
            f"{path}: the weights were made for version {version} of the preprocessing "
            f"{config.preparation!r}; this galsearch has version {config.preparation_version}."
        )
    model = build(config, tensors, where=str(path))
    if _fingerprint(config, tensors, int(version)) != metadata.get("fingerprint"):
        raise CheckpointError(
            f"{path}: its tensors do not have the fingerprint in its metadata: the file was "
            "damaged or edited."
        )
    return model


def read_note(path: str | Path) -> str:
    """The free text in the metadata of a file of weights.

    Parameters
    ----------
    path
        Safetensors file of weights.
    """
    return _read_file(Path(path))[0].get("note", "")


def build(config: ModelConfig, tensors: dict[str, Tensor], *, where: str) -> CrossModalModel:
    """The model with a given configuration and given weights, in evaluation mode.

    Raises
    ------
    CheckpointError
        Where tensors are missing, unknown or of another shape, or hold values that are not
        finite; the message lists all of them.
    """
    try:
        with torch.device("meta"):
            model = CrossModalModel(config)
    except (ArithmeticError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"{where}: no model has the sizes of its config ({str(error)[:200]})."
        ) from None
    check_tensors(model.state_dict(), tensors, where=where)
    _check_finite(tensors, where=where)
    model.load_state_dict(
        {name: tensor.to(torch.float32) for name, tensor in tensors.items()}, assign=True
    )
    return model.eval().requires_grad_(requires_grad=False)


def check_tensors(expected: dict[str, Tensor], found: dict[str, Tensor], *, where: str) -> None:
    """Check the names, shapes and types of tensors; values are not compared.

    Both may be on torch's meta device, which holds shapes without values.

    Parameters
    ----------
    expected, found
        Tensors by name, as they should be and as they are in the file.
    where
        Name of the file for messages.

    Raises
    ------
    CheckpointError
        Where names, shapes or types of `found` are wrong; the message lists all of them.
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
    parts = [
        f"{len(names)} {kind}: {', '.join(names)}." for kind, names in problems.items() if names
    ]
    if parts:
        raise CheckpointError(
            f"{where}: expected {len(expected)} tensors, found {len(found)}. {' '.join(parts)}"
        )


def _check_finite(tensors: dict[str, Tensor], *, where: str) -> None:
    bad = [
        name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor.float()).all())
    ]
    if bad:
        raise CheckpointError(
            f"{where}: {len(bad)} of {len(tensors)} tensors hold values that are not finite: "
            f"{', '.join(bad)}."
        )


def _read_file(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Metadata and tensors of a file of weights in the format of this package."""
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise CheckpointError(f"{path}: {found}; expected weights written by galsearch.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise NotConvertedError(
                    f"{path}: a safetensors file that galsearch did not write: its format is "
                    f"{metadata.get('format')!r}, expected {FORMAT!r}.",
                    path=path,
                )
            return metadata, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, RuntimeError, TypeError, UnicodeError) as error:
        raise NotConvertedError(_not_safetensors(path, error), path=path) from None


def _not_safetensors(path: Path, error: Exception) -> str:
    """Message for a file that is not safetensors, which names its kind if that is known."""
    with path.open("rb") as file:
        first_bytes = file.read(N_FIRST_BYTES)
    # A checkpoint of torch.save is a zip archive too.
    kind = None if first_bytes[:2] == b"PK" else describe_foreign_content(first_bytes)
    if kind is not None:
        return f"{path}: not weights of galsearch: the file is {kind}."
    return f"{path}: not a complete safetensors file ({str(error)[:200]})."


def _table(config: ModelConfig) -> dict[str, Any]:
    return {key: value for key, value in as_table(config).items() if value is not None}


def _fingerprint(
    config: ModelConfig, tensors: dict[str, Tensor], preparation_version: int | None = None
) -> Fingerprint:
    """Fingerprint with the present version of the preprocessing, or with a given one."""
    version = preparation_version or config.preparation_version
    table = {
        key: _used_fields(value)
        for key, value in _table(config).items()
        if key not in _NOT_IN_FINGERPRINT
    }
    parts: list[bytes | memoryview] = [
        json.dumps([FORMAT, version, table], sort_keys=True).encode()
    ]
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        parts.append(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        parts.append(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return Fingerprint(sha256_of_parts(parts))


def _used_fields(section: Any) -> Any:
    """A configuration section without the fields of `FIELDS_ADDED_LATER` that are not used."""
    if not isinstance(section, dict):
        return section
    return {
        key: value for key, value in section.items() if FIELDS_ADDED_LATER.get(key, ...) != value
    }
