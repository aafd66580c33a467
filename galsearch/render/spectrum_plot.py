"""Plots of spectra as inline SVG: binned flux, axes, and spectral lines at the redshift."""

import numpy as np
import numpy.typing as npt

from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM

WIDTH, HEIGHT = 460, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 16, 34
N_BINS = 389
"""Number of bins of a plotted spectrum; each holds 20 DESI pixels (16 Angstrom), which is about one
pixel of a screen."""

LINES_ANGSTROM: dict[str, float] = {
    "[O II]": 3728.5,
    "Ca H,K": 3952.0,
    "Hβ": 4862.7,
    "[O III]": 5008.2,
    "Mg": 5176.6,
    "Na": 5895.6,
    "Hα": 6564.6,
    "[S II]": 6725.5,
}
"""Rest-frame vacuum wavelengths in Angstrom of spectral lines, with which a reader of a plot can
check the redshift of a galaxy."""


def spectrum_svg(
    flux: npt.NDArray[np.floating],
    ivar: npt.NDArray[np.floating],
    *,
    z: float | None = None,
) -> str:
    """An SVG plot of a spectrum on the DESI grid, as text to be embedded in an HTML page.

    Parameters
    ----------
    flux, ivar : (7781,)
        Flux in 1e-17 erg / (s cm2 Angstrom) and its inverse variance. Pixels with `ivar` 0 leave
        a gap in the curve.
    z
        Redshift at which spectral lines such as [O II], Ca H and K and the Balmer lines are marked;
        None marks no lines.

    Examples
    --------
    >>> spectrum_svg(np.ones(7781), np.ones(7781), z=0.1)[:4]
    '<svg'
    """
    wavelength, binned, _ = bin_spectrum(flux, ivar)
    seen = np.isfinite(binned)
    if not seen.any():
        return _frame('<text class="none" x="200" y="85">no measured flux</text>', 0.0, 1.0)
    low, high = _range(binned[seen])
    x, y = _x(wavelength), _y(binned, low, high)
    path = "".join(
        f"{'L' if seen[i] and i and seen[i - 1] else 'M'}{x[i]:.1f} {y[i]:.1f}"
        for i in range(len(x))
        if seen[i]
    )
    marks = "" if z is None or not np.isfinite(z) else _line_marks(z)
    return _frame(f'{marks}<path class="flux" d="{path}"/>', low, high)


def bin_spectrum(
    flux: npt.NDArray[np.floating], ivar: npt.NDArray[np.floating], n_bins: int = N_BINS
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Central wavelengths of bins, the mean flux in each bin, and its standard error.

    Parameters
    ----------
    flux, ivar : (7781,)
        Flux on the DESI grid and its inverse variance.
    n_bins
        Number of bins, at most one for each pixel.

    Returns
    -------
    centre : (n_bins,) float64
        Wavelengths in Angstrom.
    mean : (n_bins,) float64
        Inverse-variance mean of the flux; NaN in a bin without a measured pixel.
    error : (n_bins,) float64
        Standard error of the mean; NaN in a bin without a measured pixel.
    """
    edges = np.linspace(0, len(flux), n_bins + 1).astype(int)[:-1]
    weight = np.add.reduceat(np.asarray(ivar, np.float64), edges)
    summed = np.add.reduceat(np.asarray(flux, np.float64) * ivar, edges)
    count = np.diff(np.append(edges, len(flux)))
    centre = np.add.reduceat(DESI_WAVELENGTH_ANGSTROM, edges) / count
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(weight > 0, summed / weight, np.nan)
        return centre, mean, np.where(weight > 0, 1 / np.sqrt(weight), np.nan)


def _range(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Lower and upper limit of the flux axis of a plot.

    The limits show the continuum and most lines, but not single outliers.
    """
    low, high = np.percentile(values, [0.5, 99.8])
    low = min(0.0, float(low))
    high = max(float(high), low + 1e-3)
    return low - 0.03 * (high - low), high + 0.12 * (high - low)


def _x(wavelength: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return LEFT + (wavelength - 3600) / (9824 - 3600) * (WIDTH - LEFT - RIGHT)


def _y(flux: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.float64]:
    fraction = (np.clip(flux, low, high) - low) / (high - low)
    return HEIGHT - BOTTOM - fraction * (HEIGHT - BOTTOM - TOP)


def _line_marks(z: float) -> str:
    marks, last = [], -100.0
    for name, rest in LINES_ANGSTROM.items():
        observed = rest * (1 + z)
        if not 3600 < observed < 9824:
            continue
        x = float(_x(np.array([observed]))[0])
        marks.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="136"/>')
        if x - last > 34:
            marks.append(f'<text class="mark" x="{x:.1f}" y="{TOP - 4}">{name}</text>')
            last = x
    return "".join(marks)


def _frame(inside: str, low: float, high: float) -> str:
    """A complete SVG document: axes with ticks around the SVG elements in `inside`.

    The flux axis reaches from `low` to `high`.
    """
    ticks = []
    for wavelength in range(4000, 10000, 1000):
        x = float(_x(np.array([float(wavelength)]))[0])
        ticks.append(f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="136" y2="140"/>')
        ticks.append(f'<text class="x" x="{x:.1f}" y="151">{wavelength}</text>')
    for value in _round_ticks(low, high):
        y = float(_y(np.array([value]), low, high)[0])
        ticks.append(f'<line class="grid" x1="{LEFT}" x2="452" y1="{y:.1f}" y2="{y:.1f}"/>')
        ticks.append(f'<text class="y" x="{LEFT - 5}" y="{y + 3:.1f}">{value:g}</text>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="spectrum">{"".join(ticks)}'
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="136" y2="136"/>{inside}'
        '<text class="title" x="249" y="166">observed wavelength (Å, vacuum)</text>'
        '<text class="title" transform="translate(10 78) rotate(-90)">flux (10⁻¹⁷ cgs/Å)</text>'
        "</svg>"
    )


def _round_ticks(low: float, high: float) -> list[float]:
    """Two to five round numbers between two limits, at which an axis has ticks."""
    step = 10.0 ** np.floor(np.log10((high - low) / 2))
    while (high - low) / step > 4:
        step *= 2 if (high - low) / step < 9 else 2.5
    first = np.ceil(low / step) * step
    return [round(float(v), 9) + 0.0 for v in np.arange(first, high, step)]
