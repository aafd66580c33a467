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
from galsearch.encoders.encoder_config import (
    GALSEARCH_SMALL,
    PREPARATION_VERSIONS,
    SpectrumConfig,
    TrainingRange,
)
from tests.damaged_files import assert_only_galsearch_errors
from tests.encoders.conftest import TINY
from tests.file_size_limit import check_failing_writes


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    checkpoint.save(path, initialise(TINY, 1))
    return path


def test_weights_that_cannot_be_written_leave_the_old_ones(tmp_path: Path) -> None:
    path, model = tmp_path / "weights.safetensors", initialise(TINY, 2)
    path.write_bytes(b"old")
    check_failing_writes(lambda: checkpoint.save(path, model), path, n_limits=9)
    assert checkpoint.read(path).config == model.config


def test_equal_models_are_equal_files(tmp_path: Path) -> None:
    """The safetensors library writes its metadata in random order."""
    contents = set()
    for number in range(5):
        checkpoint.save(tmp_path / f"{number}.safetensors", initialise(TINY, 1), note="a note")
        contents.add((tmp_path / f"{number}.safetensors").read_bytes())
    assert len(contents) == 1


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
    model = initialise(config, seed=1)
    # Random weights differ in their last digit between processors; these are exact everywhere.
    for parameter in model.parameters():
        parameter.data = (torch.arange(parameter.numel()) % 251 / 256).reshape(parameter.shape)
    digest = checkpoint._fingerprint(model.config, model.state_dict(), preparation_version=2)
    assert digest.short == "ddc6098165a2abeb"
    digest = checkpoint.fingerprint(model)
    assert digest.short == "aab29ecf42e169c7"
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
        f"{path}: the weights were made for version 1 of the preprocessing 'galsearch'; this "
        f"galsearch has version {PREPARATION_VERSIONS['galsearch']}."
    )


def test_weights_of_the_version_before_are_read_and_have_another_fingerprint(
    saved: Path, tmp_path: Path
) -> None:
    with safe_open(saved, framework="pt") as file:
        config = json.loads(file.metadata()["config"])
    model = checkpoint.read(saved)
    old = checkpoint._fingerprint(model.config, model.state_dict(), 2)
    path = rewritten(saved, tmp_path / "old.safetensors", preparation_version="2", fingerprint=old)
    again = checkpoint.read(path)
    assert again.config == model.config
    assert config["preparation"] == "galsearch"
    assert checkpoint.fingerprint(again) == checkpoint.fingerprint(model) != old


def test_the_training_range_is_stored_and_changes_no_fingerprint(tmp_path: Path) -> None:
    limits = TrainingRange((0.1, 0.2, 0.1, 0.3, 0.1, 0.4), (1.0, 40.0), (0.003, 1.6))
    model = initialise(dataclasses.replace(TINY, training_range=limits), 1)
    digest = checkpoint.save(tmp_path / "a.safetensors", model)
    assert digest == checkpoint.fingerprint(initialise(TINY, 1))
    assert checkpoint.read(tmp_path / "a.safetensors").config.training_range == limits


def test_a_config_with_an_unknown_key_is_refused(saved: Path, tmp_path: Path) -> None:
    with safe_open(saved, framework="pt") as file:
        table = json.loads(file.metadata()["config"])
    config = json.dumps(table | {"nam": "x"})
    path = rewritten(saved, tmp_path / "config.safetensors", config=config)
    assert message_of(CheckpointError, path) == (
        f"{path}, the config in its metadata: unknown key 'nam': did you mean 'name'?"
    )


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ("[" * 100_000, "its lists or objects are nested too deep."),
        ("[]", "is list; expected a table of values by key."),
        ("", "not JSON (Expecting value: line 1 column 1 (char 0))."),
        ('{"image": NaN}', "not JSON (NaN is not a number in JSON)."),
    ],
)
def test_a_config_that_is_no_table_is_refused(
    saved: Path, tmp_path: Path, config: str, found: str
) -> None:
    path = rewritten(saved, tmp_path / "config.safetensors", config=config)
    assert message_of(CheckpointError, path) == f"{path}, the config in its metadata: {found}"


@pytest.mark.parametrize(("key", "value"), [("depth", 10**9), ("width", -128), ("depth", 0)])
def test_sizes_that_no_model_has_are_refused(
    saved: Path, tmp_path: Path, key: str, value: int
) -> None:
    with safe_open(saved, framework="pt") as file:
        table = json.loads(file.metadata()["config"])
    table["spectrum"][key] = value
    path = rewritten(saved, tmp_path / "config.safetensors", config=json.dumps(table))
    message = message_of(CheckpointError, path)
    assert f"{key} = {value}; expected a positive number up to " in message


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    assert message_of(NotConvertedError, path) == (
        f"{path}: not weights of galsearch: the file is a pointer of git-lfs in place of the file "
        "itself; fetch the file with git-lfs."
    )


def test_damaged_weights_raise_only_errors_of_galsearch(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.safetensors"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        checkpoint.read(path)

    assert_only_galsearch_errors(read, [saved.read_bytes()], copies=150)


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
