"""Ctrl-C and SIGTERM end a command with a sentence and a status, and remove temporary files."""

import os
import signal
import sys
from pathlib import Path

import pytest

import galsearch
from galsearch.cli import main
from galsearch.files.atomic import new_file


@pytest.mark.parametrize(
    ("number", "status", "sentence"),
    [
        (signal.SIGINT, 130, "interrupted (Ctrl-C)"),
        (signal.SIGTERM, 143, "terminated (SIGTERM)"),
    ],
)
def test_a_signal_ends_a_command_with_a_sentence_and_leaves_nothing(
    number: int,
    status: int,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(_: object) -> None:
        with new_file(tmp_path / "result") as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), number)

    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr(galsearch, "verify", interrupted)
    monkeypatch.setattr(sys, "argv", ["galsearch", "verify"])
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with pytest.raises(SystemExit) as caught:
            main()
    finally:
        for one, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(one, handler)
    assert caught.value.code == status
    assert capsys.readouterr().err == f"galsearch: {sentence}; nothing was left half-written.\n"
    assert list(tmp_path.iterdir()) == []
