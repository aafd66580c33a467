"""The plot of the log of a run."""

import json
from pathlib import Path

import pytest
from PIL import Image

from galsearch.core.errors import MissingExtraError
from training.engine import training_curves as curves
from training.engine.run_directory import RunDirectory
from training.engine.training_curves import _panels, draw_curves, draw_if_possible

LINES = [
    {"step": 1, "loss": 3.0, "scale": 15.5, "seconds": 0.1},
    {"step": 2, "loss": 2.5, "scale": 15.6, "seconds": 0.2},
    {"step": 2, "validation_loss": 2.7, "image_to_spectrum_recall_at_10": 0.4, "pool": 8.0},
    {"step": 3, "loss": 2.2, "scale": 15.7, "seconds": 0.3},
]


def test_losses_share_a_panel_and_the_clock_has_none() -> None:
    assert _panels(LINES) == {
        "loss": ["loss", "validation_loss"],
        "scale": ["scale"],
        "recall": ["image_to_spectrum_recall_at_10"],
    }


def test_a_log_becomes_a_picture(tmp_path: Path) -> None:
    draw_curves(LINES, tmp_path / "curves.png", "a run")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width == 1100
        assert len(picture.convert("L").getcolors(256)) > 20


def test_without_matplotlib_training_continues_and_the_command_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = RunDirectory(tmp_path, "alignment")
    directory.log_path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    draw_if_possible(directory)
    assert not directory.curves_path.exists()
    with pytest.raises(MissingExtraError) as caught:
        draw_curves(LINES, directory.curves_path, "a run")
    assert str(caught.value) == ("curves are drawn with matplotlib: pip install 'galsearch[plot]'")


def test_a_run_without_a_log_has_no_curves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["curves", str(tmp_path)])
    with pytest.raises(SystemExit) as caught:
        curves.main()
    assert caught.value.code == 1
    said = capsys.readouterr().err
    assert said == f"error: {tmp_path / 'log.jsonl'}: no such log, or an empty one.\n"
