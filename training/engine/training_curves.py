"""Plot of the losses and validation scores of a training run against the step, from its log.

python -m training.engine.training_curves RUN
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from galsearch.core.errors import DatasetError, MissingExtraError
from galsearch.files.atomic import new_file
from training.engine.command import errors_as_messages
from training.engine.run_directory import RunDirectory

NOT_PLOTTED = {"step", "seconds", "pool", "n_labels"}


def draw_curves(lines: Sequence[dict[str, Any]], path: Path, title: str) -> None:
    """Write a PNG with one panel for the losses, one for the recalls and one for each other value.

    Parameters
    ----------
    lines
        Lines of the log of a run.
    path
        The PNG file.
    title
        Title above the panels.

    Raises
    ------
    MissingExtraError
        Where matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError(
            "curves are drawn with matplotlib: pip install 'galsearch[plot]'"
        ) from None
    panels = _panels(lines)
    figure = Figure(figsize=(10, 2.6 * -(-len(panels) // 2)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    for number, (panel, names) in enumerate(panels.items()):
        axes = figure.add_subplot(-(-len(panels) // 2), 2, number + 1)
        for name in names:
            points = [(line["step"], line[name]) for line in lines if name in line]
            style = "-" if len(points) > 30 else ".-"
            axes.plot(*zip(*points, strict=True), style, linewidth=1.2, label=name)
        axes.set_xlabel("step")
        axes.set_title(panel, fontsize=10)
        axes.grid(alpha=0.3)
        if len(names) > 1:
            axes.legend(fontsize=7, framealpha=0.6, edgecolor="none")
    with new_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)


def draw_if_possible(directory: RunDirectory) -> None:
    """Write the plot of a training run into its directory; do nothing where matplotlib is not
    installed.
    """
    try:
        draw_curves(
            directory.read_log(), directory.curves_path, f"{directory.stage}: {directory.path.name}"
        )
    except MissingExtraError:
        return


def _panels(lines: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Names of the logged values by panel: losses, recalls, and every other by itself."""
    panels: dict[str, list[str]] = {}
    for line in lines:
        for name in line:
            if name in NOT_PLOTTED:
                continue
            kind = next((k for k in ("loss", "recall") if k in name), name)
            if name not in panels.setdefault(kind, []):
                panels[kind].append(name)
    return panels


def main() -> None:
    """Plot the curves of a run and print the path of the PNG."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="directory of the run (--out of a stage)")
    arguments = parser.parse_args()
    directory = RunDirectory(arguments.run, "run")
    with errors_as_messages():
        lines = directory.read_log()
        if not lines:
            raise DatasetError(f"{directory.log_path}: no such log, or an empty one.")
        draw_curves(lines, directory.curves_path, directory.path.name)
        print(directory.curves_path)


if __name__ == "__main__":
    main()
