"""Pickles that would run code are refused, and nothing in them is executed."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch


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


def test_a_sequence_of_pickles_that_would_run_code_is_refused(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    canary, path = tmp_path / "canary", tmp_path / "old.ckpt"
    for attack in attacks(canary).values():
        content = {"state_dict": {"data_embed.weight": torch.zeros(2)}, "hyper_parameters": attack}
        torch.save(content, path, _use_new_zipfile_serialization=False)
        assert "this pickle would run code when opened" in refused(path)
        assert not canary.exists()
