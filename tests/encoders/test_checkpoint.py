"""Weights on disk are complete, written atomically, and refused where they are not galsearch's."""

import dataclasses
import json
import os
import stat
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from galsearch.core.errors import CheckpointError, NotConvertedError
from galsearch.encoders import checkpoint, initialise
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, PREPARATION_VERSION, SpectrumConfig
from tests.encoders.conftest import TINY


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    checkpoint.save(path, initialise(TINY, 1))
    return path


def rewritten(path: Path, out: Path, **changes: str) -> Path:
    """A copy of a file of weights with other metadata."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() | changes
    save_file(load_file(path), out, metadata=metadata)
    return out


def message_of(error: type[Exception], path: Path) -> str:
    with pytest.raises(error) as caught:
        checkpoint.read(path)
    return str(caught.value)


def test_a_model_that_is_read_is_the_model_that_was_saved(saved: Path) -> None:
    model, again = initialise(TINY, 1), checkpoint.read(saved)
    assert again.config == model.config
    assert not again.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)
    assert checkpoint.fingerprint(again) == checkpoint.fingerprint(model)


def test_written_weights_have_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        checkpoint.save(tmp_path / "a.safetensors", initialise(TINY, 1))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.safetensors").stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_the_fingerprint_does_not_depend_on_the_name_of_the_model() -> None:
    renamed = initialise(dataclasses.replace(TINY, name="other"), 1)
    assert checkpoint.fingerprint(renamed) == checkpoint.fingerprint(initialise(TINY, 1))
    assert checkpoint.fingerprint(renamed) != checkpoint.fingerprint(initialise(TINY, 2))


def test_weights_without_the_later_fields_keep_their_fingerprint() -> None:
    """Configuration fields that were added later are left out where they are not used."""
    config = dataclasses.replace(
        GALSEARCH_SMALL,
        spectrum=SpectrumConfig(width=160),
        spectrum_head=GALSEARCH_SMALL.image_head,
    )
    digest = checkpoint.fingerprint(initialise(config, seed=1))
    assert digest.short == "d0eb6aff2b4b2c4b"
    assert checkpoint.fingerprint(initialise(GALSEARCH_SMALL, seed=1)) != digest


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert message_of(CheckpointError, tmp_path / "none.safetensors") == (
        f"{tmp_path}/none.safetensors: no such file; expected weights written by galsearch."
    )


def test_a_safetensors_file_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    assert message_of(NotConvertedError, path) == (
        f"{path}: a safetensors file that galsearch did not write: its format is None, expected "
        "'galsearch-encoder-1'."
    )


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.ckpt"
    torch.save({"a": torch.zeros(2)}, path)
    message = message_of(NotConvertedError, path)
    assert message.startswith(f"{path}: not a complete safetensors file (")


def test_another_version_of_the_preprocessing_is_refused(saved: Path, tmp_path: Path) -> None:
    path = rewritten(saved, tmp_path / "old.safetensors", preparation_version="1")
    assert message_of(CheckpointError, path) == (
        f"{path}: the weights were made for version 1 of the preprocessing; this galsearch has "
        f"version {PREPARATION_VERSION}."
    )


def test_a_config_with_an_unknown_key_is_refused(saved: Path, tmp_path: Path) -> None:
    with safe_open(saved, framework="pt") as file:
        table = json.loads(file.metadata()["config"])
    config = json.dumps(table | {"nam": "x"})
    path = rewritten(saved, tmp_path / "config.safetensors", config=config)
    assert message_of(CheckpointError, path) == (
        f"{path}: the config in its metadata cannot be read: {path}, its config: unknown key "
        "'nam': did you mean 'name'?"
    )


def test_changed_tensors_are_refused(saved: Path, tmp_path: Path) -> None:
    with safe_open(saved, framework="pt") as file:
        metadata = file.metadata()
    tensors = load_file(saved)
    tensors["image_encoder.backbone.norm.bias"] += 1
    path = tmp_path / "edited.safetensors"
    save_file(tensors, path, metadata=metadata)
    assert message_of(CheckpointError, path) == (
        f"{path}: its tensors do not have the fingerprint in its metadata: the file was damaged "
        "or edited."
    )
