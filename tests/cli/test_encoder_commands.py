"""Commands of the encoders pass their options on; checks of the precision go to standard error."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app
from galsearch.cli.encoder_commands import Precision
from galsearch.core.modality import Modality
from galsearch.encoders import Agreement
from galsearch.encoders.inference import precision


def test_the_precisions_are_those_of_the_encoders() -> None:
    assert [str(kind.value) for kind in Precision] == list(get_args(precision.Precision))


def test_embed_uses_the_requested_encoder_and_reports_its_precision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair, given = SimpleNamespace(), {}
    agreement = Agreement("int8", Modality.IMAGE, 32, 0.99, 0.999)

    def load(name: str, *, precision: str, report: Any) -> SimpleNamespace:
        given.update(name=name, precision=precision)
        report(agreement)
        return pair

    def embed_dataset(dataset: Path, out: Path, *, progress: Any, **options: Any) -> str:
        given.update(dataset=dataset, out=out, **options)
        return "the report"

    monkeypatch.setattr(galsearch.encoders, "load", load)
    monkeypatch.setattr(galsearch, "embed_dataset", embed_dataset)
    arguments = ["embed", "dataset", "out", "--encoder", "mine", "--precision", "int8"]
    result = CliRunner().invoke(app, [*arguments, "--batch-size", "5"], catch_exceptions=False)
    assert given == {
        "name": "mine",
        "precision": "int8",
        "dataset": Path("dataset"),
        "out": Path("out"),
        "encoder": pair,
        "batch_size": 5,
    }
    assert result.stdout == "the report\n"
    assert f"{agreement}\n" in result.stderr


def test_convert_checkpoint_prints_what_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def convert(path: Path, out: Path, *, config: Path | None) -> str:
        return f"{path} {out} {config}"

    monkeypatch.setattr(galsearch.encoders, "convert_checkpoint", convert)
    arguments = ["convert-checkpoint", "in.ckpt", "out.safetensors", "--config", "sizes.json"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.stdout == "in.ckpt out.safetensors sizes.json\n"
