"""One row of the picture of an explanation: a spectrum with its lines, and a strip of stretches."""

from typing import TYPE_CHECKING

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.render.explained_pair.drawn_parts import DIM, FALL, INK, RISE, DrawnSpectrum
from galsearch.render.spectral_lines import LINES
from galsearch.render.spectrum_plot import bin_spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

N_BINS = 1297
"""Number of bins of a drawn spectrum, of 6 DESI pixels each."""
STRONG_SHARE = 0.25
"""Share of the largest contribution of a line from which on its name is emphasised."""
_ANGSTROM_PER_LETTER = 42.0
"""Width of a letter of the names above a spectrum, on its axis of wavelengths."""
_LEFT, _RIGHT = 0.09, 0.985


def draw_spectrum(row: "SubFigure", drawn: DrawnSpectrum) -> None:
    """Draw the spectrum above a strip with the contribution of each stretch."""
    words = ",  ".join(f"{name} {value}" for name, value in drawn.test.lines("stretches"))
    row.text(0.02, 0.975, drawn.title, fontsize=11, color=INK, va="top")
    row.text(_RIGHT, 0.025, words, fontsize=9, color=INK, va="bottom", ha="right")
    grid = row.add_gridspec(
        2, 1, height_ratios=[3.2, 1], left=_LEFT, right=_RIGHT, top=0.78, bottom=0.16, hspace=0.12
    )
    above = row.add_subplot(grid[0])
    below = row.add_subplot(grid[1], sharex=above)
    above.tick_params(labelbottom=False)
    _draw_flux(above, drawn)
    widths = np.diff(drawn.windows_angstrom, axis=1)[:, 0]
    colours = [FALL if fall > 0 else RISE for fall in drawn.contribution]
    below.bar(drawn.windows_angstrom[:, 0], drawn.contribution, widths, align="edge", color=colours)
    below.axhline(0, color=DIM, linewidth=0.6)
    below.locator_params(axis="y", nbins=3)
    below.set_xlabel("observed wavelength (Å, vacuum)", fontsize=9, labelpad=2, loc="left")
    for axes, label in ((above, "flux\n($10^{-17}$ erg/s/cm²/Å)"), (below, "fall")):
        axes.set_ylabel(label, fontsize=9)
        # At one place, so that the axes of both galaxies are aligned.
        axes.yaxis.set_label_coords(-0.05, 0.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    if np.isfinite(drawn.z):
        _mark_lines(above, drawn)


def _draw_flux(axes: "Axes", drawn: DrawnSpectrum) -> None:
    """The flux with its errors, above stretches without which the similarity falls."""
    centre, mean, error = bin_spectrum(drawn.flux, drawn.ivar, N_BINS)
    axes.fill_between(
        centre, mean - error, mean + error, color=DIM, alpha=0.25, linewidth=0, step="mid"
    )
    axes.step(centre, mean, where="mid", color=INK, linewidth=0.7)
    largest = max(float(np.nanmax(np.abs(drawn.contribution))), 1e-6)
    for (start, stop), fall in zip(drawn.windows_angstrom, drawn.contribution, strict=True):
        if fall > 0:
            axes.axvspan(start, stop, color=FALL, alpha=0.5 * fall / largest, linewidth=0)
    axes.set(xlim=DESI_WAVELENGTH_ANGSTROM[[0, -1]], ylim=_flux_limits(mean))


def _flux_limits(mean: Float64Array) -> tuple[float, float]:
    """Limits of the flux axis that hold the continuum and nearly all of every line."""
    seen = mean[np.isfinite(mean)]
    if not seen.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(seen, [0.3, 99.9]))
    low = min(0.0, low)
    return low, high + (0.1 * (high - low) if high > low else 1.0)


def _mark_lines(axes: "Axes", drawn: DrawnSpectrum) -> None:
    """Each line at the redshift, with its name above; those that carry most in colour.

    Lines of emission are solid, those of absorption dashed.
    """
    falls = drawn.line_contribution
    least = STRONG_SHARE * max([*falls.values(), 0.0])
    strong = {name for name, fall in falls.items() if fall >= least > 0}
    ends = [DESI_WAVELENGTH_ANGSTROM[0]] * 2
    for line in LINES:
        if line.name not in drawn.line_contribution:
            continue
        observed = np.array(line.wavelengths_angstrom) * (1 + drawn.z)
        colour = FALL if line.name in strong else DIM
        style = "-" if line.kind == "emission" else (0, (3, 2))
        for x in observed:
            axes.axvline(x, color=colour, linewidth=0.6, linestyle=style, alpha=0.7)
        middle, width = float(observed.mean()), _ANGSTROM_PER_LETTER * (len(line.name) + 1)
        places = [max(middle, end + width / 2) for end in ends]
        level = int(places[1] < places[0])
        ends[level] = places[level] + width / 2
        axes.annotate(
            line.name,
            xy=(middle, 1.0),
            xytext=(places[level], 1.04 + 0.14 * level),
            xycoords=axes.get_xaxis_transform(),
            annotation_clip=False,
            ha="center",
            fontsize=8,
            color=colour,
            weight="bold" if line.name in strong else "normal",
            # Names of the lower level hide the lines that lead to names of the upper one.
            zorder=5 - level,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkA": 0},
        )
