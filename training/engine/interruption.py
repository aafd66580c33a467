"""Interruption of a training run by SIGTERM or Ctrl-C: the run saves its state and stops between
two steps.
"""

import signal
from types import FrameType
from typing import Any

from galsearch.cli.command_signals import end_in_order


class Interruption:
    """A `with` block in which SIGTERM and Ctrl-C are recorded instead of ending the process.

    A second signal ends the process without waiting for the end of the step.
    """

    SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self.requested = False
        """True once the process has received SIGTERM or Ctrl-C."""
        self.exit_status = 128 + signal.SIGTERM
        """Status with which the process ends, 130 after Ctrl-C and 143 after SIGTERM."""
        self._handlers_before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interruption":
        for number in self.SIGNALS:
            self._handlers_before[number] = signal.signal(number, self._record)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)

    def _record(self, number: int, _frame: FrameType | None) -> None:
        if self.requested:
            end_in_order(number)
        self.requested = True
        self.exit_status = 128 + number
