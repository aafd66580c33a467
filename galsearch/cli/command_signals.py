"""The end of a command after Ctrl-C or SIGTERM: a sentence, a status, and no temporary files."""

import signal
import sys
from contextlib import suppress
from types import FrameType

_SENTENCES = {
    128 + signal.SIGINT: "galsearch: interrupted (Ctrl-C); nothing was left half-written.",
    128 + signal.SIGTERM: "galsearch: terminated (SIGTERM); nothing was left half-written.",
}


def end_when_terminated() -> None:
    """From now on SIGTERM ends the process as an error does, so that temporary files are removed.

    A second SIGTERM ends it at once. A signal that somebody else handles or ignores is left alone.
    """
    with suppress(ValueError):  # Only the main thread may set a handler.
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise SystemExit(128 + number)


def tell_interruption(status: object) -> None:
    """Say on standard error that a signal ended the command, where its exit status says so."""
    if isinstance(status, int) and status in _SENTENCES:
        with suppress(OSError):
            sys.stderr.write(f"{_SENTENCES[status]}\n")
            sys.stderr.flush()
