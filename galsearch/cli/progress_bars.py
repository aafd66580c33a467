"""Progress bars on standard error, one for each stage; standard output holds only results."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from galsearch.core.progress import Progress


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A context manager for a callable that shows progress reports as bars on standard error.

    The bars are shown while the `with` block runs.
    """
    # rich is imported here, because a command without a progress bar, such as a query, starts
    # faster without it.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as ProgressBars

    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    # rich would print standard output above the bars, and so to standard error.
    with ProgressBars(*columns, console=console, redirect_stdout=sys.stdout.isatty()) as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report
