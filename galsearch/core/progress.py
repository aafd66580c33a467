"""Protocols of progress reports: every function with an argument `progress` calls one of them."""

from typing import Protocol


class Progress(Protocol):
    """Callable that receives the progress of work that has named stages.

    The progress bars of the command line are such a callable;
    `lambda stage, done, total: print(stage, done)` is another. It is called often, so it must be
    fast, and it must not raise.
    """

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        """Receive the report that `done` of `total` items of the stage `stage` are finished."""
        ...


class StageProgress(Protocol):
    """Callable that receives the progress of a single stage of some work."""

    def __call__(self, done: int, total: int, /) -> None:
        """Receive the report that `done` of `total` items are finished."""
        ...


def no_progress(stage: str, done: int, total: int, /) -> None:
    """Ignore a progress report; used where the caller of a function wants none."""


def no_stage_progress(done: int, total: int, /) -> None:
    """Ignore a progress report of a single stage; used where the caller wants none."""


def stage_progress(progress: Progress, stage: str) -> StageProgress:
    """A callable that passes the progress reports of one stage on to `progress`.

    Examples
    --------
    >>> report = stage_progress(lambda *report: print(*report), "embed images")
    >>> report(3, 10)
    embed images 3 10
    """

    def report(done: int, total: int, /) -> None:
        progress(stage, done, total)

    return report
