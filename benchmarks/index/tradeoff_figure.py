"""Figures of `benchmarks.index.compare_engines`: recall against queries a second, one panel a direction.

python -m benchmarks.index.tradeoff_figure results/peers.json --out results/peers.png
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.index.compare_engines import MODALITIES, points

COLOURS = (
    "black", "tab:red", "tab:blue", "tab:green", "tab:orange", "tab:purple", "tab:brown",
    "tab:pink", "tab:olive", "tab:cyan", "navy", "darkgreen", "goldenrod", "grey",
)  # fmt: skip
"""One for each engine and way of building."""


def main() -> int:
    """Draw the figure that the command line names."""
    parser = argparse.ArgumentParser(description="Recall against queries a second.")
    parser.add_argument("results", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    draw(json.loads(arguments.results.read_text("utf-8")), arguments.out)
    return 0


def front(found: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """(recall, queries/s) of the settings that no other beats in both, by rising recall.

    Examples
    --------
    >>> front([(0.5, 10.0), (0.9, 5.0), (0.8, 4.0)])
    [(0.5, 10.0), (0.9, 5.0)]
    """
    kept: list[tuple[float, float]] = []
    for recall, speed in sorted(found, reverse=True):
        if not kept or speed > kept[-1][1]:
            kept.append((recall, speed))
    return kept[::-1]


def draw(results: dict[str, Any], out: Path) -> None:
    """Four directions in two rows: all questions in one call above, one by one below."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 8), layout="constrained")
    panels = figure.subplots(2, 4, sharex=True, sharey="row")
    styles: dict[str, str] = {}
    for key, found in results.items():
        name, how, among = key.split("|")
        if "failed" in found:
            continue
        label = name if how == "default" else f"{name} {how}"
        colour = styles.setdefault(label, COLOURS[len(styles) % len(COLOURS)])
        mark = "o-" if name == "ours" else ".--" if name == "faiss" else ".-"
        for using in MODALITIES:
            column = 2 * MODALITIES.index(among) + MODALITIES.index(using)
            for row in range(2):
                measured = [(p[0], p[1 + row]) for p in points(found["directions"][using])]
                measured = [point for point in measured if point[1] > 0]
                if measured:
                    line = zip(*front(measured), strict=True)
                    panels[row, column].plot(*line, mark, color=colour, label=label)
            panels[0, column].set_title(f"{using} among {among}")
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
    named = {label: line for label, line in handles.items() if label in styles}
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(out, dpi=120)


if __name__ == "__main__":
    sys.exit(main())
