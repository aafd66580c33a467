"""Published checkpoints become ours, tensors alone; what is dangerous or wrong is refused."""

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from galsearch.core.errors import CheckpointError, ConfigError
from galsearch.encoders import checkpoint, convert_checkpoint, load
from galsearch.encoders.astroclip.checkpoint_reader import open_tensors

FILES = {
    "tiny_astroclip_lightning.ckpt": 90,
    "tiny_astroclip_state.safetensors": 90,
    "tiny_astrodino_teacher.pt": None,
    "tiny_specformer_ckpt.pt": None,
}


@pytest.fixture(scope="module")
def sections(facts: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Sizes of the tiny checkpoints."""
    return facts("tiny_config")


@pytest.fixture
def refused(tmp_path: Path, sections: dict[str, Any]) -> Callable[[Path], str]:
    """The message of a conversion that must fail and write nothing."""

    def run(path: Path, config: Any = sections) -> str:
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises((CheckpointError, ConfigError)) as caught:
            convert_checkpoint(path, tmp_path / "out.safetensors", config)
        assert sorted(tmp_path.rglob("*")) == before
        return str(caught.value)

    return run


@pytest.mark.parametrize("name", FILES)
def test_a_converted_file_holds_every_number(
    parity: Path, converted: Callable[[str], Path], name: str
) -> None:
    ours = checkpoint.read(converted(name)).state_dict()
    theirs = open_tensors(parity / name)
    numbers = theirs.read(theirs.tensors)
    assert len(ours) == len(numbers) == (FILES[name] or len(numbers))
    ordered = sorted(float(tensor.double().sum()) for tensor in numbers.values())
    assert sorted(float(tensor.double().sum()) for tensor in ours.values()) == ordered


def test_lightning_and_plain_tensors_are_the_same_model(
    converted: Callable[[str], Path], parity: Path
) -> None:
    one, other = (load(converted(name)) for name in list(FILES)[:2])
    assert one.fingerprint == other.fingerprint
    assert (one.name, one.dim) == ("astroclip", 32)


def test_a_config_is_a_mapping_or_a_json_file(
    parity: Path, sections: dict[str, Any], tmp_path: Path
) -> None:
    source = parity / "tiny_specformer_ckpt.pt"
    first = convert_checkpoint(source, tmp_path / "a.safetensors", sections)
    second = convert_checkpoint(source, tmp_path / "b.safetensors", parity / "tiny_config.json")
    assert load(first).fingerprint == load(second).fingerprint


def test_torch_is_not_asked_to_unpickle(
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


class Malicious:
    """Unpickling an instance calls `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.function, self.arguments


def attacks(canary: Path) -> dict[str, Malicious]:
    touch = f"open({str(canary)!r}, 'w').close()"
    return {
        "builtins.exec": Malicious(exec, touch),
        "builtins.eval": Malicious(eval, touch),
        "posix.system": Malicious(os.system, f"touch {canary}"),
        "builtins.open": Malicious(open, str(canary), "w"),
        "torch.serialization.load": Malicious(torch.serialization.load, str(canary)),
    }


@pytest.mark.parametrize("name", attacks(Path("x")))
@pytest.mark.parametrize("place", ["state_dict", "hyper_parameters", "bare"])
def test_a_pickle_that_would_run_code_is_refused_and_runs_nothing(
    refused: Callable[..., str], tmp_path: Path, name: str, place: str
) -> None:
    canary = tmp_path / "canary"
    attack = attacks(canary)[name]
    path = tmp_path / "evil.ckpt"
    content: dict[str, Any] = {"state_dict": {"data_embed.weight": torch.zeros(2)}}
    content |= {place: attack if place == "hyper_parameters" else {"data_embed.weight": attack}}
    if place == "bare":
        path.write_bytes(pickle.dumps(attack))
    else:
        torch.save(content, path)
    message = refused(path)
    assert "evil.ckpt: this pickle would run code when opened: it names " in message
    # Python pickles `open` as io.open, and protocol 2 calls builtins __builtin__.
    called = name.rpartition(".")[2]
    assert message.endswith(
        f".{called}. Nothing was executed; do not open this file with other software."
    )
    assert not canary.exists()


def before_zip(source: Path, path: Path) -> Path:
    """The same content as torch.save wrote it before PyTorch 1.6."""
    content = torch.load(source, weights_only=True)
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path


@pytest.mark.parametrize("name", ["tiny_specformer_ckpt.pt", "tiny_astrodino_teacher.pt"])
def test_what_torch_wrote_before_zip_archives_is_read(
    parity: Path, converted: Callable[[str], Path], sections: Any, tmp_path: Path, name: str
) -> None:
    old = before_zip(parity / name, tmp_path / name)
    ours = load(convert_checkpoint(old, tmp_path / "out.safetensors", sections))
    assert ours.fingerprint == load(converted(name)).fingerprint


@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.99])
def test_a_truncated_row_of_pickles_is_refused(
    refused: Callable[..., str], parity: Path, tmp_path: Path, share: float
) -> None:
    path = before_zip(parity / "tiny_specformer_ckpt.pt", tmp_path / "old.pt")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert "truncated" in refused(path)


def test_a_row_of_pickles_that_would_run_code_is_refused(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    canary, path = tmp_path / "canary", tmp_path / "old.ckpt"
    for attack in attacks(canary).values():
        content = {"state_dict": {"data_embed.weight": torch.zeros(2)}, "hyper_parameters": attack}
        torch.save(content, path, _use_new_zipfile_serialization=False)
        assert "this pickle would run code when opened" in refused(path)
        assert not canary.exists()


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(
    refused: Callable[..., str], parity: Path, tmp_path: Path, name: str, share: float
) -> None:
    content = (parity / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: int(share * len(content))])
    message = refused(path)
    assert message.startswith(f"{path}: ")
    assert "truncated" in message or "not a complete safetensors file" in message


def test_another_architecture_is_named(refused: Callable[..., str], tmp_path: Path) -> None:
    tensors = {"conv1.weight": torch.zeros(4, 3, 7, 7), "layer1.0.conv1.weight": torch.zeros(4)}
    torch.save({"state_dict": tensors}, tmp_path / "resnet.pt")
    assert refused(tmp_path / "resnet.pt") == (
        f"{tmp_path}/resnet.pt: 2 tensors, such as conv1.weight, layer1.0.conv1.weight: a ResNet. "
        "Expected astroclip.ckpt (image_encoder.*, spectrum_encoder.*), astrodino.ckpt "
        "(backbone.*) or specformer.ckpt (data_embed.*, blocks.*)."
    )


def test_numbers_that_are_none_are_refused(
    refused: Callable[..., str], parity: Path, tmp_path: Path
) -> None:
    tensors = load_file(parity / "tiny_astroclip_state.safetensors")
    tensors["image_encoder.backbone.norm.weight"][3] = np.nan
    save_file(tensors, tmp_path / "nan.safetensors")
    assert refused(tmp_path / "nan.safetensors").endswith(
        "1 of 90 tensors hold values that are not finite: image_encoder.backbone.norm.weight."
    )


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


def test_a_config_that_is_none(refused: Callable[..., str], parity: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("[1]")
    source = parity / "tiny_specformer_ckpt.pt"
    assert refused(source, tmp_path / "bad.json") == (
        f"{tmp_path}/bad.json: holds list; expected an object."
    )
    assert "specformr" in refused(source, {"specformr": {}})


def test_the_terminal_converts_and_says_where(
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
