"""Published checkpoints are converted tensor by tensor; other files are refused."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from galsearch.encoders import checkpoint, convert_checkpoint, load
from galsearch.encoders.astroclip.checkpoint_reader import open_tensors
from tests.encoders.conftest import CHECKPOINTS


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_converted_file_holds_every_value(
    parity: Path, converted: Callable[[str], Path], name: str
) -> None:
    converted_tensors = checkpoint.read(converted(name)).state_dict()
    published = open_tensors(parity / name)
    values = published.read(published.tensors)
    assert len(converted_tensors) == len(values) == (CHECKPOINTS[name] or len(values))
    ordered = sorted(float(tensor.double().sum()) for tensor in values.values())
    assert sorted(float(tensor.double().sum()) for tensor in converted_tensors.values()) == ordered


def test_lightning_and_plain_tensors_are_the_same_model(
    converted: Callable[[str], Path], parity: Path
) -> None:
    one, other = (load(converted(name)) for name in list(CHECKPOINTS)[:2])
    assert one.fingerprint == other.fingerprint
    assert (one.name, one.dim) == ("astroclip", 32)


def test_a_config_is_a_mapping_or_a_json_file(
    parity: Path, sections: dict[str, Any], tmp_path: Path
) -> None:
    source = parity / "tiny_specformer_ckpt.pt"
    first = convert_checkpoint(source, tmp_path / "a.safetensors", sections)
    second = convert_checkpoint(source, tmp_path / "b.safetensors", parity / "tiny_config.json")
    assert load(first).fingerprint == load(second).fingerprint


def test_nothing_is_unpickled_by_torch_or_pickle(
    parity: Path, sections: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the checkpoint was unpickled")

    monkeypatch.setattr(torch, "load", never)
    monkeypatch.setattr(pickle, "loads", never)
    monkeypatch.setattr(pickle, "load", never)
    convert_checkpoint(
        parity / "tiny_astroclip_lightning.ckpt", tmp_path / "out.safetensors", sections
    )


def test_without_sizes_a_tiny_checkpoint_is_compared_with_the_published_one(
    refused: Callable[..., str], parity: Path
) -> None:
    message = refused(parity / "tiny_specformer_ckpt.pt", None)
    assert "recognised as SpecFormer: expected 79 tensors, found 31." in message
    assert "48 missing: " in message
    assert "mis-shaped: " in message
    assert "data_embed.weight is (48, 22) and should be (768, 22)" in message


def test_every_wrong_name_and_shape_is_listed_at_once(
    refused: Callable[..., str], parity: Path, tmp_path: Path
) -> None:
    tensors = load_file(parity / "tiny_astroclip_state.safetensors")
    del tensors["image_encoder.mlp.encoder.bias"]
    del tensors["spectrum_encoder.backbone.head.weight"]
    tensors["image_encoder.backbone.register_tokens"] = torch.zeros(1, 4, 32)
    tensors["image_encoder.backbone.norm.weight"] = torch.zeros(31)
    save_file(tensors, tmp_path / "wrong.safetensors")
    assert refused(tmp_path / "wrong.safetensors") == (
        f"{tmp_path}/wrong.safetensors, recognised as AstroCLIP: expected 90 tensors, found 89. "
        "2 missing: image_encoder.mlp.encoder.bias, spectrum_encoder.backbone.head.weight. "
        "1 unknown: image_encoder.backbone.register_tokens. "
        "1 mis-shaped: image_encoder.backbone.norm.weight is (31,) and should be (32,)."
    )


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: f"_orig_mod.module.{name}",
        lambda name: f"module._orig_mod.{name}",
        lambda name: name.replace("_encoder.", "_encoder._orig_mod.", 1),
        lambda name: f"module.{name}".replace("_encoder.", "_encoder._fsdp_wrapped_module.", 1),
        lambda name: f"model.{name}",
        lambda name: f"net.model._orig_mod.{name}",
        lambda name: name.replace(".norm1.", "._checkpoint_wrapped_module.norm1."),
    ],
)
def test_names_of_wrappers_are_left_out_wherever_they_stand(
    parity: Path,
    sections: dict[str, Any],
    converted: Callable[[str], Path],
    tmp_path: Path,
    rename: Callable[[str], str],
) -> None:
    tensors = load_file(parity / "tiny_astroclip_state.safetensors")
    path = tmp_path / "wrapped.ckpt"
    torch.save({"state_dict": {rename(name): value for name, value in tensors.items()}}, path)
    found = load(convert_checkpoint(path, tmp_path / "out.safetensors", sections))
    assert found.fingerprint == load(converted("tiny_astroclip_state.safetensors")).fingerprint


def test_a_tensor_under_two_names_is_refused(
    refused: Callable[..., str], parity: Path, tmp_path: Path
) -> None:
    tensors = load_file(parity / "tiny_astroclip_state.safetensors")
    name = "image_encoder.mlp.encoder.bias"
    path = tmp_path / "twice.ckpt"
    torch.save({**tensors, f"module.{name}": tensors[name]}, path)
    assert (
        refused(path) == f"{path}: tensor {name} is stored twice, as {name} and as module.{name}."
    )


def test_another_architecture_is_named_and_refused(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    tensors = {"conv1.weight": torch.zeros(4, 3, 7, 7), "layer1.0.conv1.weight": torch.zeros(4)}
    torch.save({"state_dict": tensors}, tmp_path / "resnet.pt")
    assert refused(tmp_path / "resnet.pt") == (
        f"{tmp_path}/resnet.pt: 2 tensors, such as conv1.weight, layer1.0.conv1.weight: a ResNet. "
        "Expected astroclip.ckpt (image_encoder.*, spectrum_encoder.*), astrodino.ckpt "
        "(backbone.*) or specformer.ckpt (data_embed.*, blocks.*)."
    )


def test_values_that_are_not_finite_are_refused(
    refused: Callable[..., str], parity: Path, tmp_path: Path
) -> None:
    tensors = load_file(parity / "tiny_astroclip_state.safetensors")
    tensors["image_encoder.backbone.norm.weight"][3] = np.nan
    save_file(tensors, tmp_path / "nan.safetensors")
    assert refused(tmp_path / "nan.safetensors").endswith(
        "1 of 90 tensors hold values that are not finite: image_encoder.backbone.norm.weight."
    )


def test_a_config_that_is_no_table_is_refused(
    refused: Callable[..., str], parity: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text("[1]")
    source = parity / "tiny_specformer_ckpt.pt"
    assert refused(source, tmp_path / "bad.json") == (
        f"{tmp_path}/bad.json: holds list; expected an object."
    )
    assert "specformr" in refused(source, {"specformr": {}})


def test_the_command_converts_and_prints_the_path(
    parity: Path, galsearch_command: Callable[..., Any], tmp_path: Path
) -> None:
    config = parity / "tiny_config.json"
    done = galsearch_command(
        "convert-checkpoint", parity / "tiny_astroclip_lightning.ckpt", "tiny.safetensors",
        "--config", config, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout == "tiny.safetensors\n"
    sizes = json.loads(config.read_text())
    assert load(tmp_path / "tiny.safetensors").dim == sizes["head"]["embed_dim"]
