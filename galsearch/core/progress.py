"""How long work reports its progress: one protocol for every function that takes `progress`."""

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of work that has named stages.

    A progress bar of the command line is one; `lambda stage, done, total: print(stage, done)` is
    another. It is called often, so it must be fast, and must not raise.
    """

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        """Take notice that `done` of `total` items of the stage called `stage` are finished."""
        ...


class StageProgress(Protocol):
    """Receives the progress of one stage of the work."""

    def __call__(self, done: int, total: int, /) -> None:
        """Take notice that `done` of `total` items are finished."""
        ...


def no_progress(stage: str, done: int, total: int, /) -> None:
    """Ignore a report of progress: the default where nobody watches."""


def no_stage_progress(done: int, total: int, /) -> None:
    """Ignore a report of progress of one stage."""


def stage_progress(progress: Progress, stage: str) -> StageProgress:
    """A receiver for one stage that passes its reports on to `progress`.

    Examples
    --------
    >>> report = stage_progress(lambda *report: print(*report), "embed images")
    >>> report(3, 10)
    embed images 3 10
    """

    def report(done: int, total: int, /) -> None:
        progress(stage, done, total)

    return report
