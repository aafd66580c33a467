"""A picture of two compared galaxies with what each part contributes to their similarity."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from galsearch.core.arrays import Float32Array, Float64Array
from galsearch.core.errors import MissingExtraError
from galsearch.core.rgb import legacy_rgb
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.render.spectral_lines import LINES
from galsearch.render.spectrum_plot import bin_spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

INK, DIM, ACCENT, RISE = "#1b1b1f", "#6b6b76", "#d1495b", "#3d7ea6"
"""Colours of text and curves, of secondary text, and of parts without which the similarity falls
and rises."""
ROW_INCHES = 3.1
WIDTH_INCHES = 11.0
N_BINS = 1297
"""Number of bins of a drawn spectrum, of 6 DESI pixels each."""
N_OUTLINED = 6
"""Number of patches that are outlined."""
STRONG_SHARE = 0.25
"""Share of the largest contribution of a line from which on its name is emphasised."""
_ANGSTROM_PER_LETTER = 46.0
"""Width of a letter of the names above a spectrum, on its axis of wavelengths."""


@dataclass(frozen=True, eq=False)
class DrawnImage:
    """An image and the contributions of its patches."""

    title: str
    flux: Float32Array
    """(3, ny, nx) nanomaggies in g, r, z, row 0 south and column 0 east."""
    pixel_scale_arcsec: float
    x_pixel: Float64Array
    y_pixel: Float64Array
    """(n,) centres of the patches in pixels, row by row."""
    patch_pixels: int
    contribution: Float64Array
    """(n,)"""
    words: str
    """Text beside the image."""


@dataclass(frozen=True, eq=False)
class DrawnSpectrum:
    """A spectrum and the contributions of its stretches and lines."""

    title: str
    flux: Float32Array
    ivar: Float32Array
    """(7781,) on the DESI grid."""
    z: float
    """Redshift at which lines are marked; NaN for none."""
    windows_angstrom: Float64Array
    """(n, 2) limits of the stretches, observed."""
    contribution: Float64Array
    """(n,)"""
    line_contribution: dict[str, float]
    """Contributions of lines by their name."""
    words: str
    """Text above the spectrum, at its right."""


def explanation_png(drawn: Sequence[DrawnImage | DrawnSpectrum], title: str) -> bytes:
    """The bytes of a PNG picture with one row for each galaxy.

    Parameters
    ----------
    drawn
        The two galaxies.
    title
        Text above the picture.

    Raises
    ------
    MissingExtraError
        Where Matplotlib is not installed.
    """
    figure = _new_figure(len(drawn))
    rows = figure.subfigures(len(drawn), 1, squeeze=False)[:, 0]
    for row, one in zip(rows, drawn, strict=True):
        if isinstance(one, DrawnImage):
            _draw_image(row, one)
        else:
            _draw_spectrum(row, one)
    figure.suptitle(title, x=0.02, ha="left", fontsize=13, color=INK, weight="bold")
    sink = io.BytesIO()
    figure.canvas.print_png(sink)
    return sink.getvalue()


def _new_figure(n_rows: int) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "matplotlib is not installed: pip install 'galsearch[plot]'."
        ) from error
    size = (WIDTH_INCHES, 0.4 + ROW_INCHES * n_rows)
    figure = Figure(figsize=size, dpi=160, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _draw_image(row: "SubFigure", drawn: DrawnImage) -> None:
    """The image, the image in grey below the contributions of its patches, and a text."""
    plain, marked, words = row.subplots(1, 3, width_ratios=[1, 1.18, 1.5])
    half = drawn.patch_pixels / 2
    x, y = drawn.x_pixel, drawn.y_pixel
    limits = (x.min() - half, x.max() + half, y.min() - half, y.max() + half)
    planes = legacy_rgb(drawn.flux).transpose(1, 2, 0)
    for axes in (plain, marked):
        axes.imshow(planes if axes is plain else planes.mean(axis=2), origin="lower", cmap="gray")
        axes.set(xlim=limits[:2], ylim=limits[2:], xticks=[], yticks=[])
    n = round(np.sqrt(len(drawn.contribution)))
    fall = np.clip(drawn.contribution.reshape(n, n), 0, None)
    largest = max(float(fall.max()), 1e-6)
    overlay = marked.imshow(
        fall,
        extent=limits,
        origin="lower",
        cmap="inferno",
        vmin=0,
        vmax=largest,
        alpha=0.1 + 0.65 * np.sqrt(fall / largest),
    )
    _outline(marked, drawn, half)
    _scale_bar(plain, limits, drawn.pixel_scale_arcsec)
    plain.set_title(drawn.title, loc="left", fontsize=10, color=INK)
    bar = row.colorbar(overlay, ax=marked, fraction=0.05, pad=0.03)
    bar.set_label("fall of similarity", fontsize=8, color=DIM)
    bar.ax.tick_params(labelsize=7)
    words.set_axis_off()
    words.text(0, 0.98, drawn.words, va="top", fontsize=9, color=INK, linespacing=1.5)


def _outline(axes: "Axes", drawn: DrawnImage, half: float) -> None:
    from matplotlib.patches import Rectangle

    order = np.argsort(-drawn.contribution, kind="stable")[:N_OUTLINED]
    for rank, part in enumerate(order[drawn.contribution[order] > 0], 1):
        corner = (drawn.x_pixel[part] - half, drawn.y_pixel[part] - half)
        axes.add_patch(
            Rectangle(corner, 2 * half, 2 * half, fill=False, edgecolor="white", linewidth=1)
        )
        axes.text(corner[0] + 1, corner[1] + 2 * half - 1, str(rank), color="white", fontsize=7,
                  va="top")  # fmt: skip


def _scale_bar(axes: "Axes", limits: tuple[float, ...], pixel_scale_arcsec: float) -> None:
    """A bar of five arcseconds, and north and east, in the lower corners of an image."""
    length = 5 / pixel_scale_arcsec
    left, low, high = limits[0] + 5, limits[2] + 5, limits[3]
    axes.plot([left, left + length], [low, low], color="white", linewidth=2)
    axes.text(left + length / 2, low + 2, '5"', color="white", fontsize=8, ha="center")
    corner, size = limits[1] - 5, (high - limits[2]) / 10
    for dx, dy, name in ((0.0, size, "N"), (-size, 0.0, "E")):
        axes.annotate(
            name,
            xy=(corner, low),
            xytext=(corner + 1.4 * dx, low + 1.4 * dy),
            color="white",
            fontsize=7,
            ha="center",
            va="center",
            arrowprops={"arrowstyle": "<-", "color": "white", "linewidth": 0.8, "shrinkB": 0},
        )


def _draw_spectrum(row: "SubFigure", drawn: DrawnSpectrum) -> None:
    """The spectrum above a strip with the contribution of each stretch."""
    above, below = row.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    centre, mean, error = bin_spectrum(drawn.flux, drawn.ivar, N_BINS)
    low, high = _flux_limits(mean)
    above.fill_between(
        centre, mean - error, mean + error, color=DIM, alpha=0.25, linewidth=0, step="mid"
    )
    above.step(centre, mean, where="mid", color=INK, linewidth=0.7)
    largest = max(float(np.nanmax(drawn.contribution)), 1e-6)
    for (start, stop), fall in zip(drawn.windows_angstrom, drawn.contribution, strict=True):
        if fall > 0:
            above.axvspan(start, stop, color=ACCENT, alpha=0.55 * fall / largest, linewidth=0)
    widths = np.diff(drawn.windows_angstrom, axis=1)[:, 0]
    colours = [ACCENT if fall > 0 else RISE for fall in drawn.contribution]
    below.bar(drawn.windows_angstrom[:, 0], drawn.contribution, widths, align="edge", color=colours)
    below.axhline(0, color=DIM, linewidth=0.6)
    ends = DESI_WAVELENGTH_ANGSTROM[[0, -1]]
    above.set(xlim=ends, ylim=(low, high), ylabel="flux\n($10^{-17}$ erg/s/cm²/Å)")
    below.set(xlabel="observed wavelength (Å, vacuum)", ylabel="fall of\nsimilarity")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    above.set_title(drawn.title, loc="left", fontsize=10, color=INK, pad=28)
    above.set_title(drawn.words, loc="right", fontsize=9, color=INK, pad=28)
    if np.isfinite(drawn.z):
        _mark_lines(above, drawn)


def _flux_limits(mean: Float64Array) -> tuple[float, float]:
    """Limits of the flux axis that hold the continuum and nearly all of every line."""
    seen = mean[np.isfinite(mean)]
    if not seen.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(seen, [0.3, 99.8]))
    low = min(0.0, low)
    return low, high + (0.08 * (high - low) if high > low else 1.0)


def _mark_lines(axes: "Axes", drawn: DrawnSpectrum) -> None:
    """Each line at the redshift, with its name above; those that carry most in the accent."""
    falls = drawn.line_contribution
    least = STRONG_SHARE * max([*falls.values(), 0.0])
    strong = {name for name, fall in falls.items() if fall >= least > 0}
    ends = [DESI_WAVELENGTH_ANGSTROM[0]] * 2
    for line in LINES:
        if line.name not in drawn.line_contribution:
            continue
        observed = np.array(line.wavelengths_angstrom) * (1 + drawn.z)
        colour = ACCENT if line.name in strong else DIM
        style = "-" if line.kind == "emission" else (0, (3, 2))
        for x in observed:
            axes.axvline(x, color=colour, linewidth=0.6, linestyle=style, alpha=0.7)
        middle, width = float(observed.mean()), _ANGSTROM_PER_LETTER * len(line.name)
        places = [max(middle, end + width / 2) for end in ends]
        level = int(places[1] < places[0])
        ends[level] = places[level] + width / 2
        axes.annotate(
            line.name,
            xy=(middle, 1.0),
            xytext=(places[level], 1.04 + 0.12 * level),
            xycoords=axes.get_xaxis_transform(),
            annotation_clip=False,
            ha="center",
            fontsize=8,
            color=colour,
            weight="bold" if line.name in strong else "normal",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkA": 0},
        )
