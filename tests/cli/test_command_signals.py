"""Ctrl-C and SIGTERM end a command with a sentence and a status, and remove temporary files."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import galsearch
from galsearch.cli import main
from galsearch.cli.command_signals import signals_end_in_order
from galsearch.files.atomic import new_file

SIGNALS = [
    (signal.SIGINT, 130, "galsearch: interrupted (Ctrl-C); nothing was left half-written.\n"),
    (signal.SIGTERM, 143, "galsearch: terminated (SIGTERM); nothing was left half-written.\n"),
]


@pytest.fixture(autouse=True)
def _default_handlers() -> Iterator[None]:
    before = [(number, signal.getsignal(number)) for number, _, _ in SIGNALS]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "status", "sentence"), SIGNALS)
@pytest.mark.parametrize("repeated", [1, 3])
def test_a_signal_ends_a_command_with_a_sentence_and_leaves_nothing(
    number: int,
    status: int,
    sentence: str,
    repeated: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def interrupted(_: object) -> None:
        with new_file(tmp_path / "result") as temporary:
            temporary.write_text("half")
            try:
                os.kill(os.getpid(), number)
            finally:
                # Further signals do not interrupt what is done because of the first one.
                for _ in range(1, repeated):
                    os.kill(os.getpid(), number)

    monkeypatch.setattr(galsearch, "verify", interrupted)
    monkeypatch.setattr(sys, "argv", ["galsearch", "verify"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == status
    assert capfd.readouterr().err == sentence
    assert list(tmp_path.iterdir()) == []


def test_a_signal_in_a_finaliser_is_raised_again(capfd: pytest.CaptureFixture[str]) -> None:
    class Finalised:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

    def run() -> None:
        with signals_end_in_order():
            Finalised()
            threading.Event().wait(20)

    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 143
    assert capfd.readouterr().err == SIGNALS[1][2]


def test_an_error_that_a_signal_causes_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    def run() -> None:
        with signals_end_in_order():
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except SystemExit:
                raise AttributeError("partially initialised module") from None

    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 130
    assert capfd.readouterr().err == SIGNALS[0][2]


def test_an_ignored_signal_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with signals_end_in_order():
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(("number", "status", "sentence"), SIGNALS)
@pytest.mark.parametrize(
    "command", [["galsearch", "--help"], ["training.alignment", "--help"]], ids=["cli", "training"]
)
def test_a_signal_during_the_import_has_a_sentence_and_a_status(
    command: list[str], number: int, status: int, sentence: str
) -> None:
    # The first module that takes long to import is replaced by one that sends the signal.
    code = (
        "import importlib.abc, os, runpy, sys\n"
        "class Sender(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, *_):\n"
        "        if name in ('typer', 'numpy'):\n"
        f"            os.kill(os.getpid(), {int(number)})\n"
        "sys.meta_path.insert(0, Sender())\n"
        "sys.argv[0] = '-m'\n"
        f"runpy.run_module({command[0]!r}, run_name='__main__', alter_sys=False)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command[1:]], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr, done.stdout) == (status, sentence, "")
