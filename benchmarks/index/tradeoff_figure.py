"""Figure of the engine comparison: recall against queries per second in all four directions.

python -m benchmarks.index.tradeoff_figure results/peers.json --out results/peers.png
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.index.compare_engines import GALSEARCH, MODALITIES, points
from galsearch.files.atomic import new_file

COLOURS = (
    "black", "tab:red", "tab:blue", "tab:green", "tab:orange", "tab:purple", "tab:brown",
    "tab:pink", "tab:olive", "tab:cyan", "navy", "darkgreen", "goldenrod", "grey",
)  # fmt: skip
"""Colours of the engines and their variants, in the order of the results file."""


def main() -> int:
    """Draw the figure of the engine comparison from a results file; returns the exit status."""
    parser = argparse.ArgumentParser(description="Draw recall against queries per second.")
    parser.add_argument("results", type=Path, help="JSON of benchmarks.index.compare_engines")
    parser.add_argument("--out", type=Path, required=True, help="PNG file")
    arguments = parser.parse_args()
    draw_tradeoff(json.loads(arguments.results.read_text("utf-8")), arguments.out)
    return 0


def pareto_front(found: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The pairs (recall, queries per second) that no other pair exceeds in both values, by rising
    recall: the Pareto front of an engine's settings.

    Examples
    --------
    >>> pareto_front([(0.5, 10.0), (0.9, 5.0), (0.8, 4.0)])
    [(0.5, 10.0), (0.9, 5.0)]
    """
    front: list[tuple[float, float]] = []
    for recall, speed in sorted(found, reverse=True):
        if not front or speed > front[-1][1]:
            front.append((recall, speed))
    return front[::-1]


def draw_tradeoff(results: dict[str, Any], out: Path) -> None:
    """Draw recall against queries per second of all engines and write the PNG file. The figure has
    one column of panels for each direction: queries in one call above, one by one below.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 8), layout="constrained")
    panels = figure.subplots(2, 4, sharex=True, sharey="row")
    colours: dict[str, str] = {}
    for key, found in results.items():
        if "failed" not in found:
            _draw_engine(panels, key, found, colours)
    for row, how in enumerate(("in one call", "one by one")):
        panels[row, 0].set_ylabel(f"queries/s {how}, one thread")
        panels[row, 0].set_yscale("log")
    for panel in panels[1]:
        panel.set_xlabel("recall@10")
    for panel in panels.flat:
        panel.set_xlim(0.9, 1.0)
        panel.axvline(0.95, color="grey", lw=0.8)
        panel.grid(alpha=0.3)
    handles = {line.get_label(): line for panel in panels.flat for line in panel.get_lines()}
    engines = {label: line for label, line in handles.items() if label in colours}
    figure.legend(engines.values(), engines.keys(), loc="outside lower center", ncols=3, fontsize=8)
    with new_file(out) as temporary:
        figure.savefig(temporary, dpi=120, format=out.suffix[1:])


def _draw_engine(panels: Any, key: str, found: dict[str, Any], colours: dict[str, str]) -> None:
    """Draw the curves of one engine in all panels, and record its colour in `colours`."""
    name, variant, among = key.split("|")
    label = name if variant == "default" else f"{name} {variant}"
    colour = colours.setdefault(label, COLOURS[len(colours) % len(COLOURS)])
    style = {GALSEARCH: "o-", "faiss": ".--"}.get(name, ".-")
    for using in MODALITIES:
        column = 2 * MODALITIES.index(among) + MODALITIES.index(using)
        for row in range(2):
            measured = [(p[0], p[1 + row]) for p in points(found["directions"][using])]
            measured = [point for point in measured if point[1] > 0]
            if measured:
                line = zip(*pareto_front(measured), strict=True)
                panels[row, column].plot(*line, style, color=colour, label=label)
        panels[0, column].set_title(f"{using} among {among}")


if __name__ == "__main__":
    sys.exit(main())
