"""SIGTERM and Ctrl-C ask a run to stop; it stops between two steps, with its state on disk."""

import signal
from types import FrameType
from typing import Any

EXIT_STATUS = 143
"""128 + SIGTERM: what a shell and a batch system expect of a job that was asked to end."""


class Interruption:
    """Notes within a `with` block that the process was asked to stop; asked twice, it stops."""

    SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interruption":
        for number in self.SIGNALS:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
