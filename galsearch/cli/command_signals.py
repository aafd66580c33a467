"""The end of a command after Ctrl-C or SIGTERM: a sentence, a status, and no temporary files.

A command ends at once while it imports its modules, because it has written nothing yet. Later the
signal is raised as an exception, so that temporary files are removed; further signals are ignored
meanwhile.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

_NAMES = {signal.SIGINT: "interrupted (Ctrl-C)", signal.SIGTERM: "terminated (SIGTERM)"}
_LONGEST_END_SECONDS = 10.0
"""After this time a further signal interrupts a command that is still removing its files."""
_RAISE_AGAIN_SECONDS = 0.01


class SignalledExit(SystemExit):
    """The exit of a command that a signal ends."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


def end_at_once_when_signalled() -> None:
    """From now on Ctrl-C and SIGTERM end the process at once, with a sentence and a status.

    For the time before a command has written anything. A signal that somebody else handles or
    ignores is left alone.
    """
    _set_handlers(_end_at_once)


@contextmanager
def signals_end_in_order() -> Iterator[None]:
    """A context in which Ctrl-C and SIGTERM end the process as an error does, with a sentence.

    So temporary files are removed. Further signals are ignored while that happens, for at most ten
    seconds. The handlers stay after the block, because the interpreter may still be ending.
    """
    hook = sys.unraisablehook
    _set_handlers(end_in_order)
    _ending.number = None

    def raise_again(ignored: "sys.UnraisableHookArgs") -> None:
        # Python raised the exception where it could not propagate, such as in a finaliser.
        if isinstance(ignored.exc_value, SignalledExit):
            _raise_later(ignored.exc_value.number)
        else:
            hook(ignored)

    sys.unraisablehook = raise_again
    try:
        yield
    except BaseException:
        # Compiled modules may raise an error of their own where a signal ended their import.
        if _ending.number is None:
            raise
        _tell(_ending.number)
        raise SignalledExit(_ending.number) from None
    finally:
        sys.unraisablehook = hook


@dataclass
class _Ending:
    """The signal that ends this process, and the time until which further ones are ignored."""

    number: int | None = None
    ignore_until: float = 0.0


_ending = _Ending()


def end_in_order(number: int, _frame: FrameType | None = None) -> None:
    """Raise the exception that ends a command after a signal, or ignore a further signal."""
    now = time.monotonic()
    if _ending.number is None or now > _ending.ignore_until:
        _ending.number, _ending.ignore_until = number, now + _LONGEST_END_SECONDS
        raise SignalledExit(number)


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    _tell(number)
    os._exit(128 + number)


def _set_handlers(handler: Callable[[int, FrameType | None], None]) -> None:
    """Handle each signal that nobody else handles or ignores."""
    ours = {signal.SIG_DFL, signal.default_int_handler, _end_at_once, end_in_order}
    with suppress(ValueError):  # Only the main thread may set a handler.
        for number in _NAMES:
            if signal.getsignal(number) in ours:
                signal.signal(number, handler)


def _raise_later(number: int) -> None:
    """Raise the exception of a signal once more, in a moment, in the main thread."""
    _ending.ignore_until = 0.0
    again = threading.Timer(_RAISE_AGAIN_SECONDS, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()


def _tell(number: int) -> None:
    sentence = f"galsearch: {_NAMES[signal.Signals(number)]}; nothing was left half-written.\n"
    with suppress(OSError):
        os.write(2, sentence.encode())
