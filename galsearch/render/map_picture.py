"""PNG pictures of maps: every galaxy in the colour of a catalogue column, or their density."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import MissingExtraError

MOST_POINTS = 30_000
"""Largest number of galaxies that are drawn as points; more are drawn as cells of a grid."""
_N_CELLS = 520
"""Cells along each axis of the grid."""
_MOST_CLASSES = 8
_CLASS_COLOURS = (
    "#2f6fb2",
    "#d9772b",
    "#2f9461",
    "#b3467d",
    "#7a64b8",
    "#8a6d3b",
    "#3aa5b5",
    "#c9a227",
)
_OTHER, _UNKNOWN, _INK = "#9a9a9a", "#c4c4c4", "#3c3c3c"
_COLOUR_MAP, _DENSITY_MAP = "viridis", "Blues"
_DPI, _WIDTH_INCH, _FOOT_INCH = 200, 7.2, 0.75
"""Resolution and width of a picture, and the height of the title and the scale below the map."""

Positions = npt.NDArray[np.floating]


def map_png(
    x: Positions,
    y: Positions,
    values: npt.NDArray[Any] | None = None,
    *,
    label: str = "",
    title: str = "",
) -> bytes:
    """The bytes of a PNG picture of a map on a white ground, without axes.

    Parameters
    ----------
    x, y : (n,)
        Positions of the galaxies.
    values : (n,), optional
        Value of each galaxy: numbers (NaN where unknown), which get a colour bar, or texts (None
        where unknown), which get a legend. By default the density is drawn.
    label
        Name and unit of the values.
    title
        Text below the map.

    Raises
    ------
    MissingExtraError
        Where Matplotlib is not installed.
    """
    height = float(np.clip(np.ptp(y) / max(float(np.ptp(x)), 1e-9), 0.45, 1.25)) * _WIDTH_INCH
    height += _FOOT_INCH
    figure = _figure(height)
    foot = _FOOT_INCH / height
    axes = figure.add_axes((0.01, foot, 0.98, 1 - foot))
    axes.set_axis_off()
    axes.set_aspect("equal")
    if values is None:
        _draw_density(figure, axes, x, y)
    elif np.issubdtype(values.dtype, np.number):
        _draw_numbers(figure, axes, x, y, np.asarray(values, np.float64), label)
    else:
        _draw_classes(figure, axes, x, y, values, label)
    for limit, places in ((axes.set_xlim, x), (axes.set_ylim, y)):
        margin = 0.02 * max(float(np.ptp(places)), 1e-9)
        limit(float(np.min(places)) - margin, float(np.max(places)) + margin)
    figure.text(0.03, 0.45 * foot, title, color=_INK, fontsize=9, va="center")
    sink = io.BytesIO()
    figure.canvas.print_png(sink)
    return sink.getvalue()


def _figure(height_inch: float) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "a picture of a map needs matplotlib, which is part of the extra 'map' of galsearch "
            f"and is not installed ({error})."
        ) from error
    figure = Figure(figsize=(_WIDTH_INCH, height_inch), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _draw_numbers(
    figure: Any, axes: Any, x: Positions, y: Positions, values: Positions, label: str
) -> None:
    """Draw galaxies in the colours of numbers; where these are unknown, grey and below."""
    known = np.isfinite(values)
    low, high = (0.0, 1.0) if not known.any() else np.percentile(values[known], (1, 99))
    scale = {"cmap": _COLOUR_MAP, "vmin": low, "vmax": max(high, low + 1e-12)}
    if len(x) <= MOST_POINTS:
        axes.scatter(x[~known], y[~known], c=_UNKNOWN, **_points(len(x)))
        # In the order of a fixed draw, so that no value lies above the others.
        order = np.random.default_rng(0).permutation(np.flatnonzero(known))
        drawn = axes.scatter(x[order], y[order], c=values[order], **_points(len(x)), **scale)
    else:
        cells = _Cells(x, y)
        means = cells.means(values, known)
        drawn = axes.imshow(means, alpha=cells.opacity(), **cells.placed, **scale)
    _add_bar(figure, drawn, label, extend="both")


def _draw_density(figure: Any, axes: Any, x: Positions, y: Positions) -> None:
    """Draw the number of galaxies in the cells of a grid."""
    from matplotlib.colors import LogNorm

    cells = _Cells(x, y, _N_CELLS if len(x) > MOST_POINTS else 120)
    counts = np.where(cells.counts > 0, cells.counts, np.nan)
    highest = max(2.0, float(np.nanpercentile(counts, 99.5)))
    norm = LogNorm(0.5, highest)
    drawn = axes.imshow(counts, cmap=_DENSITY_MAP, norm=norm, **cells.placed)
    _add_bar(figure, drawn, "galaxies in a cell", extend="max")


def _draw_classes(
    figure: Any, axes: Any, x: Positions, y: Positions, values: npt.NDArray[Any], label: str
) -> None:
    """Draw galaxies in the colours of their classes, the most frequent ones by name."""
    from matplotlib.lines import Line2D

    texts = np.array(["" if value is None else str(value) for value in values])
    names, counts = np.unique(texts[texts != ""], return_counts=True)
    shown = names[np.argsort(-counts, kind="stable")][:_MOST_CLASSES]
    colours = dict(zip(shown.tolist(), _CLASS_COLOURS, strict=False))
    of_galaxies = np.array([colours.get(text, _OTHER if text else _UNKNOWN) for text in texts])
    order = np.random.default_rng(0).permutation(len(x))
    axes.scatter(x[order], y[order], c=of_galaxies[order], **_points(len(x)))
    legend = [*colours.items()]
    if len(names) > len(shown):
        legend.append((f"{len(names) - len(shown)} others", _OTHER))
    marks = [Line2D([], [], marker="o", ls="", color=colour, label=n) for n, colour in legend]
    figure.legend(
        handles=marks,
        title=label,
        loc="lower right",
        bbox_to_anchor=(0.98, 0.01),
        ncols=min(4, len(marks)),
        handletextpad=0.1,
        columnspacing=1.2,
        frameon=False,
        fontsize=8,
        title_fontsize=9,
        labelcolor=_INK,
    )


def _points(n: int) -> dict[str, Any]:
    """Size and opacity of the points of `n` galaxies."""
    return {"s": float(np.clip(24_000 / max(n, 1), 1.5, 22)), "linewidths": 0, "alpha": 0.85}


def _add_bar(figure: Any, drawn: Any, label: str, *, extend: str) -> None:
    height = figure.get_figheight()
    place = figure.add_axes((0.55, 0.32 / height, 0.40, 0.12 / height))
    bar = figure.colorbar(drawn, cax=place, orientation="horizontal", extend=extend)
    bar.set_label(label, color=_INK, fontsize=9)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, color=_INK, labelcolor=_INK, length=2)
    bar.ax.xaxis.set_label_position("top")
    bar.solids.set_alpha(1)


class _Cells:
    """The galaxies in the cells of a square grid over a map."""

    def __init__(self, x: Positions, y: Positions, n_cells: int = _N_CELLS) -> None:
        side = max(float(np.ptp(x)), float(np.ptp(y)), 1e-9) * 1.001
        self._n = n_cells
        low = np.array([np.min(x), np.min(y)], np.float64)
        columns = ((x - low[0]) / side * n_cells).astype(np.int64)
        rows = ((y - low[1]) / side * n_cells).astype(np.int64)
        self._cells = rows * n_cells + columns
        self.counts = self._sums()
        self.placed = {
            "extent": (low[0], low[0] + side, low[1], low[1] + side),
            "origin": "lower",
            "interpolation": "nearest",
        }

    def _sums(self, weights: Positions | None = None) -> npt.NDArray[np.float64]:
        shape = (self._n, self._n)
        sums = np.bincount(self._cells, weights, minlength=self._n**2).reshape(shape)
        return sums.astype(np.float64)

    def means(self, values: Positions, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """(n, n) mean of the known values in each cell, NaN where there are none."""
        counts = self._sums(known.astype(np.float64))
        with np.errstate(invalid="ignore"):
            return self._sums(np.where(known, values, 0)) / np.where(counts > 0, counts, np.nan)

    def opacity(self) -> npt.NDArray[np.float64]:
        """(n, n) opacity of each cell, which grows with the logarithm of its galaxies."""
        highest = np.log1p(np.percentile(self.counts[self.counts > 0], 99))
        return np.where(
            self.counts > 0, np.clip(0.35 + 0.65 * np.log1p(self.counts) / highest, 0, 1), 0
        )
