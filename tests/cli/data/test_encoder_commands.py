"""Commands of the encoders pass their options on; checks of the precision go to standard error."""

from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app
from galsearch.cli.data.encoder_commands import Precision
from galsearch.core.modality import Modality
from galsearch.encoders import Agreement
from galsearch.encoders.inference import precision


def test_the_precisions_are_those_of_the_encoders() -> None:
    assert [str(kind.value) for kind in Precision] == list(get_args(precision.Precision))


def test_embed_uses_the_requested_encoder_and_reports_its_precision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: dict[str, Any] = {}
    agreement = Agreement("int8", Modality.IMAGE, 32, 0.99, 0.999)

    def embed_dataset(*paths: Path, progress: Any, report: Any, **options: Any) -> str:
        given.update(paths=paths, **options)
        report(agreement)
        return "the report"

    monkeypatch.setattr(galsearch, "embed_dataset", embed_dataset)
    arguments = ["embed", "dataset", "out", "--encoder", "mine", "--precision", "int8"]
    more = ["--batch-size", "5", "--device", "cpu"]
    result = CliRunner().invoke(app, [*arguments, *more], catch_exceptions=False)
    assert given == {
        "paths": (Path("dataset"), Path("out")),
        "encoder": "mine",
        "device": "cpu",
        "precision": "int8",
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


def test_import_embeddings_passes_every_option(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def import_embeddings(out: Path, *, progress: Any, **options: Any) -> str:
        given.update(out=out, **options)
        return "the report"

    monkeypatch.setattr(galsearch, "import_embeddings", import_embeddings)
    command = ["import-embeddings", "out", "--encoder", "aion-base", "--images", "i.parquet"]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.stdout == "the report\n"
    assert given == {
        "out": Path("out"),
        "encoder": "aion-base",
        "images": ["i.parquet"],
        "spectra": None,
        "catalogue": None,
        "id_column": None,
        "image_column": None,
        "spectrum_column": None,
        "columns": None,
        "ids_from_positions": False,
        "skip_bad_rows": False,
    }
    more = ["--images", "j", "--spectra", "s", "--catalogue", "c", "--id-column", "id"]
    more += ["--image-column", "a", "--spectrum-column", "b", "--columns", "z, mag"]
    more += ["--ids-from-positions", "--skip-bad-rows"]
    CliRunner().invoke(app, [*command, *more], catch_exceptions=False)
    assert given == {
        "out": Path("out"),
        "encoder": "aion-base",
        "images": ["i.parquet", "j"],
        "spectra": ["s"],
        "catalogue": ["c"],
        "id_column": "id",
        "image_column": "a",
        "spectrum_column": "b",
        "columns": ["z", "mag"],
        "ids_from_positions": True,
        "skip_bad_rows": True,
    }
