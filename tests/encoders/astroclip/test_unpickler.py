"""Pickles that would run code are refused, and nothing in them is executed."""

import argparse
import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import ipaddress
import math
import operator
import os
import pathlib
import pickle
import random
import re
import struct
import types
import typing
import uuid
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from galsearch.core.errors import CheckpointError
from galsearch.encoders.astroclip.checkpoint_reader import open_tensors
from galsearch.encoders.astroclip.unpickler import MAX_OPERATIONS, unpickle


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


class Level(enum.Enum):
    FULL = 32


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


class Outer:
    class Inner:
        pass


@dataclasses.dataclass
class Settings:
    rate: float = 1e-4


HARMLESS: dict[str, Any] = {
    "path": pathlib.PurePosixPath("x"),
    "windows path": pathlib.PureWindowsPath("C:/x"),
    "uuid": uuid.UUID(int=5),
    "decimal": decimal.Decimal("0.1"),
    "fraction": fractions.Fraction(1, 3),
    "complex": 1j,
    "date": datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC),
    "zone": zoneinfo.ZoneInfo("UTC"),
    "enum": Level.FULL,
    "flag": Permission.READ | Permission.WRITE,
    "class in a class": Outer.Inner,
    "dataclass": Settings(),
    "chain map": collections.ChainMap({"a": 1}),
    "user dict": collections.UserDict({"a": 1}),
    "ordered dict": collections.OrderedDict(a=1),
    "default dict": collections.defaultdict(list),
    "counter": collections.Counter("aa"),
    "sets": [{1}, frozenset({2})],
    "namespace": [argparse.Namespace(a=1), types.SimpleNamespace(a=1)],
    "types": [list[int], typing.Optional[int], int | None, typing.Any, type(None)],  # noqa: UP045
    "callable": typing.Callable[[int], str],
    "partial": functools.partial(torch.optim.AdamW, lr=1e-4),
    "functions": [torch.nn.functional.gelu, math.sqrt, operator.add, len],
    "getter": operator.itemgetter(1),
    "pattern": re.compile("a+"),
    "address": ipaddress.ip_network("10.0.0.0/8"),
    "array": array.array("d", [1.0]),
    "errors": [ValueError("x"), OSError(2, "x")],
    "numpy": [np.float64(1), np.arange(3), np.dtype("f4"), np.datetime64("2020-01-01")],
    "masked array": np.ma.masked_array([1, 2], mask=[False, True]),
    "random": [random.Random(1), np.random.default_rng(1), np.random.RandomState(1)],
    "torch": [torch.float32, torch.Size([1]), torch.device("cpu"), torch.Generator()],
    "module": torch.nn.Linear(2, 2),
    "optimizer": torch.optim.AdamW([torch.ones(1, requires_grad=True)]),
}


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("name", HARMLESS)
def test_values_of_hyperparameters_are_read_past(tmp_path: Path, name: str, protocol: int) -> None:
    path = tmp_path / "lightning.ckpt"
    content = {
        "state_dict": {"data_embed.weight": torch.arange(6.0).reshape(2, 3)},
        "hyper_parameters": {"value": HARMLESS[name]},
    }
    torch.save(content, path, pickle_protocol=protocol)
    read = open_tensors(path)
    assert list(read.tensors) == ["data_embed.weight"]
    values = read.read(read.tensors)["data_embed.weight"]
    assert torch.equal(values, content["state_dict"]["data_embed.weight"])


def test_a_path_of_python_3_13_is_read_past() -> None:
    pickled = b"cpathlib._local\nPosixPath\n(S'data'\ntR."
    assert type(unpickle(io.BytesIO(pickled), "a.ckpt")).names == "pathlib._local.PosixPath"


@pytest.mark.parametrize(
    ("pickled", "found"),
    [
        (b"\x80\x02cfunctools\npartial\ncos.path\njoin\n\x85R.", "os.path.join"),
        (b"\x80\x02c__builtin__\ngetattr\ncmypackage\nThing\nU\x08__init__\x86R)R.",
         "mypackage.Thing.__init__"),
        (b"\x80\x02cfunctools\nreduce\ncoperator\nadd\n]\x86R.", "functools.reduce"),
        (b"\x80\x02c__builtin__\ntype\nU\x01X)}\x87R.", "builtins.type"),
        (b"\x80\x04\x8c\x0bcollections\x8c\x20Counter.__init__.__globals__.xyz\x93.",
         "collections.Counter.__init__.__globals__.xyz"),
        (b"\x80\x02cmypackage\nThing\n)R)R.", "mypackage.Thing"),
    ],
)  # fmt: skip
def test_ways_around_a_name_are_refused(pickled: bytes, found: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        unpickle(io.BytesIO(pickled), "a.ckpt")
    assert str(caught.value) == (
        f"a.ckpt: this pickle would run code when opened: it names {found}. Nothing was executed; "
        "do not open this file with other software."
    )


BOMBS = {
    "a tuple in 200,000 tuples as a key": b"\x80\x02})" + b"\x85" * 200_000 + b"K\x01s.",
    "a key of shared tuples": b"\x80\x04}K\x01" + b"2\x86" * 200 + b"K\x01s.",
    "a frozen set of deep tuples": b"\x80\x04()" + b"\x85" * 100 + b"\x91.",
    "many sets": b"\x80\x04(" + b"\x8f" * (MAX_OPERATIONS + 1) + b"t.",
    "a number of 3 MB as a key": b"\x80\x02}\x8b" + struct.pack("<i", 3_000_000)
    + b"\x01" * 3_000_000 + b"K\x01s.",
    "an array of a terabyte": b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b".",
    "copies of a dictionary": b"\x80\x02ccollections\nOrderedDict\nq\x00]q\x01("
    + b"K\x01K\x02\x86" * 10_000 + b"e0" + b"h\x00h\x01\x85R0" * 200 + b"K\x01.",
    "attributes of a function": b"\x80\x02ctorch._utils\n_rebuild_tensor\n}K\x01K\x02sb.",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_pickle_that_would_take_much_time_or_memory_is_refused(name: str) -> None:
    with pytest.raises(CheckpointError, match="does not consist of tensors"):
        unpickle(io.BytesIO(BOMBS[name]), "a.ckpt")


def test_a_deep_list_and_a_high_index_of_the_memo_are_read() -> None:
    deep = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    assert isinstance(unpickle(io.BytesIO(deep), "a.ckpt"), list)
    assert unpickle(io.BytesIO(b"\x80\x02K\x05r\xff\xff\xff\x7f."), "a.ckpt") == 5
