"""One row of the picture of an explanation: an image, the map of its patches, and their table."""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from galsearch.core.arrays import Float64Array, Int64Array
from galsearch.core.rgb import legacy_rgb
from galsearch.render.explained_pair.drawn_parts import DIM, FALL, INK, DrawnImage
from galsearch.render.explained_pair.sky_offset import offset_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure
    from matplotlib.image import AxesImage

Limits: TypeAlias = tuple[float, float, float, float]
"""Least and largest x, and least and largest y, of the patches in pixels."""
N_OUTLINED = 6
"""Number of patches that are outlined and listed."""
SCALE_BAR_ARCSEC = 5.0
_CONTOURS = (0.25, 0.5, 0.75)
"""Brightness of the contours above the faintest, as shares of the range of the image."""
_SMOOTHED_PIXELS = 5


def draw_image(row: "SubFigure", drawn: DrawnImage) -> None:
    """Draw the image, the contributions of its patches below its contours, and a table."""
    row.text(0.02, 0.975, drawn.title, fontsize=11, color=INK, va="top")
    grid = row.add_gridspec(
        1, 4, width_ratios=[2.56, 2.56, 0.11, 4.6], left=0.02, right=0.985, top=0.88, bottom=0.055,
        wspace=0.09,
    )  # fmt: skip
    plain, marked, bar, words = (row.add_subplot(grid[i]) for i in range(4))
    half = drawn.patch_pixels / 2
    x, y = drawn.x_pixel, drawn.y_pixel
    limits = (x.min() - half, x.max() + half, y.min() - half, y.max() + half)
    planes = legacy_rgb(drawn.flux).transpose(1, 2, 0)
    plain.imshow(planes, origin="lower")
    colours = row.colorbar(_patches(marked, drawn.contribution, limits), cax=bar)
    colours.ax.tick_params(labelsize=7)
    colours.ax.set_title("fall", fontsize=8, color=DIM, pad=4)
    _contours(marked, planes.mean(axis=2))
    for axes in (plain, marked):
        axes.set(xlim=limits[:2], ylim=limits[2:], xticks=[], yticks=[])
    first = np.argsort(-drawn.contribution, kind="stable")[:N_OUTLINED]
    first = first[drawn.contribution[first] > 0]
    _outline(plain, drawn, first, "white", "black")
    _outline(marked, drawn, first, INK, "white")
    _scale_bar(plain, limits, drawn.pixel_scale_arcsec)
    words.set_axis_off()
    _table(words, drawn, first)


def _patches(axes: "Axes", contribution: Float64Array, limits: Limits) -> "AxesImage":
    """Squares in the colours of the contributions, white at 0."""
    largest = max(float(np.abs(contribution).max()), 1e-6)
    n = round(np.sqrt(len(contribution)))
    squares = contribution.reshape(n, n)
    return axes.imshow(
        squares, extent=limits, origin="lower", cmap="RdBu_r", vmin=-largest, vmax=largest
    )


def _contours(axes: "Axes", brightness: Float64Array) -> None:
    """Contours of an image, whose noise is smoothed."""
    kernel = np.ones(_SMOOTHED_PIXELS) / _SMOOTHED_PIXELS
    smooth = np.asarray(brightness, float)
    for axis in (0, 1):
        smooth = np.apply_along_axis(np.convolve, axis, smooth, kernel, mode="same")
    low, high = float(np.median(smooth)), float(smooth.max())
    if high > low:
        levels = [low + share * (high - low) for share in _CONTOURS]
        axes.contour(smooth, levels, colors=INK, linewidths=0.6, alpha=0.7)


def _outline(axes: "Axes", drawn: DrawnImage, first: Int64Array, colour: str, around: str) -> None:
    """Outline patches, and number them from 1; letters have a rim so that they are legible."""
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    side = drawn.patch_pixels
    for rank, part in enumerate(first, 1):
        corner = (drawn.x_pixel[part] - side / 2, drawn.y_pixel[part] - side / 2)
        axes.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=colour, linewidth=0.9))
        axes.text(
            corner[0] + 1,
            corner[1] + side - 1,
            str(rank),
            color=colour,
            fontsize=8,
            va="top",
            path_effects=[withStroke(linewidth=1.6, foreground=around)],
        )


def _scale_bar(axes: "Axes", limits: Limits, pixel_scale_arcsec: float) -> None:
    """A bar of five arcseconds, and north and east, in the lower corners of an image."""
    length = SCALE_BAR_ARCSEC / pixel_scale_arcsec
    left, low, high = limits[0] + 5, limits[2] + 5, limits[3]
    axes.plot([left, left + length], [low, low], color="white", linewidth=2)
    axes.text(left + length / 2, low + 2, f"{SCALE_BAR_ARCSEC:.0f} arcsec", color="white",
              fontsize=7.5, ha="center")  # fmt: skip
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


def _table(axes: "Axes", drawn: DrawnImage, first: Int64Array) -> None:
    """The test of the explanation, and below it the first patches with their places."""
    left, middle, right = 0.13, 0.40, 0.97
    height, step = 0.97, 0.078
    for name, value in drawn.test.lines("patches"):
        axes.text(left, height, name, fontsize=9, color=INK, va="top")
        axes.text(right, height, value, fontsize=9, color=INK, va="top", ha="right")
        height -= step
    height -= step / 2
    axes.text(left, height, "patch", fontsize=8, color=DIM, va="top")
    for x, name in ((middle, "fall"), (right, "from the centre (arcsec)")):
        axes.text(x, height, name, fontsize=8, color=DIM, va="top", ha="right")
    for rank, part in enumerate(first, 1):
        height -= step
        fall = f"{drawn.contribution[part]:+.3f}"
        where = offset_text(drawn.east_arcsec[part], drawn.north_arcsec[part])
        axes.text(left, height, str(rank), fontsize=9, color=INK, va="top")
        axes.text(middle, height, fall, fontsize=9, color=FALL, va="top", ha="right")
        axes.text(right, height, where, fontsize=9, color=INK, va="top", ha="right")
