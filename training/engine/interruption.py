"""Interruption of a training run by SIGTERM or Ctrl-C: the run saves its state and stops between
two steps.
"""

import signal
from types import FrameType
from typing import Any

EXIT_STATUS = 143
"""128 + SIGTERM, the status that shells and batch systems expect of a job they have ended."""


class Interruption:
    """A `with` block in which SIGTERM and Ctrl-C are recorded instead of ending the process.

    A second signal raises KeyboardInterrupt at once.
    """

    SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self.requested = False
        """True once the process has received SIGTERM or Ctrl-C."""
        self._handlers_before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interruption":
        for number in self.SIGNALS:
            self._handlers_before[number] = signal.signal(number, self._record)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)

    def _record(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
