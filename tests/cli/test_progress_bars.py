"""Progress bars are drawn on standard error, one for each stage."""

import sys

import pytest

from galsearch.cli.progress_bars import progress_bars


def test_each_stage_has_one_bar_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bars() as progress:
        progress("read files", 1, 4)
        progress("read files", 4, 4)
        progress("write shards", 0, 2)
        progress("write shards", 1, 3)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("read files") == shown.err.count("write shards") == 1
    assert "4/4" in shown.err
    assert "1/3" in shown.err, "a total that grows replaces the first one"


def test_standard_output_that_is_a_file_gets_what_is_printed_beside_bars(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes standard error for a terminal
    with progress_bars() as progress:
        progress("read files", 1, 4)
        sys.stdout.write("a result\n")
    shown = capsys.readouterr()
    assert shown.out == "a result\n"
    assert "a result" not in shown.err
