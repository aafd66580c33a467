"""The stretches and the lines of a spectrum, any of which can be removed before it is embedded."""

from collections.abc import Sequence

import numpy as np

from galsearch.analysis.explanation.removable_parts import PartColumns
from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, Vectors
from galsearch.core.modality import Modality
from galsearch.core.spectrum import (
    DESI_STEP_ANGSTROM,
    DESI_WAVELENGTH_ANGSTROM,
    SPEED_OF_LIGHT_KM_S,
)
from galsearch.embeddings.encoder_protocol import SpectrumEncoderProtocol
from galsearch.query.inputs.own_data.own_spectrum import OwnSpectrum
from galsearch.render.spectral_lines import LINES

REMOVED_SHARE = 0.1
"""Share of the stretches in a random group: few, so that the others keep the spectrum's shape."""
N_STRETCHES = 64
"""Number of stretches of equal width in log wavelength, each 4,700 km/s wide."""
LINE_KM_S = 1000.0
"""Half width of the window about each component of a line."""
SIDE_PIXELS = 60
"""Largest number of pixels on each side of a removed stretch whose median flux replaces it."""


class SpectrumParts:
    """Parts of a spectrum, each of which is a set of pixels.

    The flux of what is removed is replaced by a straight line between the median fluxes of the
    pixels on both sides. Lines and breaks vanish; the level of the continuum and the inverse
    variance stay.

    Parameters
    ----------
    own
        The spectrum.
    encoder
        Encoder that embeds it.
    pixels : (n, 7781)
        True for the pixels of each part.
    columns
        Arrays that say where each part is.
    """

    modality = Modality.SPECTRUM
    removed_share = REMOVED_SHARE

    def __init__(
        self,
        own: OwnSpectrum,
        encoder: SpectrumEncoderProtocol,
        pixels: BoolArray,
        columns: PartColumns,
    ) -> None:
        self.own, self._encoder, self._pixels, self._columns = own, encoder, pixels, columns

    def __len__(self) -> int:
        """Number of parts."""
        return len(self._pixels)

    def columns(self) -> PartColumns:
        """Name and limits of each part, in the observed frame and at rest."""
        return self._columns

    def embed(self, removed: BoolArray) -> Vectors:
        """(m, d) embeddings of the spectrum without some of its parts.

        Parameters
        ----------
        removed : (m, n)
            True for the parts that each of the m embeddings lacks.
        """
        spectrum, m = self.own.spectrum, len(removed)
        good = spectrum.good
        flux = np.stack(
            [_filled(spectrum.flux, good, self._pixels[row].any(axis=0)) for row in removed]
        )
        arrays = (
            flux,
            np.repeat(spectrum.ivar[None], m, axis=0) if self.own.has_ivar else None,
            np.repeat(~good[None], m, axis=0),
        )
        if self.own.calibrated:
            return self._encoder.embed(*arrays)  # type: ignore[arg-type]
        return self._encoder.embed(*arrays, calibrated=False)  # type: ignore[call-arg,arg-type]


def stretches(own: OwnSpectrum, encoder: SpectrumEncoderProtocol, z: float) -> SpectrumParts:
    """All pixels of a spectrum in `N_STRETCHES` stretches of equal width in log wavelength.

    Parameters
    ----------
    own
        The spectrum.
    encoder
        Encoder that embeds it.
    z
        Redshift, for wavelengths at rest; NaN where it is not known.
    """
    grid = DESI_WAVELENGTH_ANGSTROM
    edges = np.geomspace(
        grid[0] - DESI_STEP_ANGSTROM / 2, grid[-1] + DESI_STEP_ANGSTROM / 2, N_STRETCHES + 1
    )
    number = np.searchsorted(edges[1:-1], grid, side="right")
    windows = np.stack([edges[:-1], edges[1:]], axis=1)
    columns = _columns("stretch", [None] * N_STRETCHES, windows, z)
    return SpectrumParts(own, encoder, number == np.arange(N_STRETCHES)[:, None], columns)


def lines(own: OwnSpectrum, encoder: SpectrumEncoderProtocol, z: float) -> SpectrumParts:
    """The pixels within 1,000 km/s of each line that is in a spectrum; none where z is NaN.

    A line counts where at least half of its pixels were measured. The parameters are those of
    `stretches`.
    """
    names, pixels, windows = [], [], []
    for line in LINES if np.isfinite(z) else ():
        centres = np.array(line.wavelengths_angstrom)[:, None] * (1 + z)
        near = np.abs(DESI_WAVELENGTH_ANGSTROM / centres - 1) <= LINE_KM_S / SPEED_OF_LIGHT_KM_S
        here = near.any(axis=0)
        if near.any(axis=1).all() and own.spectrum.good[here].mean() >= 0.5:
            names.append(line.name)
            pixels.append(here)
            reach = LINE_KM_S / SPEED_OF_LIGHT_KM_S
            windows.append((centres[0, 0] * (1 - reach), centres[-1, 0] * (1 + reach)))
    columns = _columns("line", names, np.array(windows).reshape(-1, 2), z)
    return SpectrumParts(
        own, encoder, np.array(pixels, bool).reshape(len(names), len(own.spectrum.flux)), columns
    )


def _columns(
    part: str, names: Sequence[str | None], windows: Float64Array, z: float
) -> PartColumns:
    return {
        "part": np.full(len(names), part, object),
        "line": np.array(names, object),
        "low_angstrom": windows[:, 0],
        "high_angstrom": windows[:, 1],
        "rest_low_angstrom": windows[:, 0] / (1 + z),
        "rest_high_angstrom": windows[:, 1] / (1 + z),
    }


def _filled(flux: Float32Array, good: BoolArray, removed: BoolArray) -> Float32Array:
    """Flux with each run of removed pixels replaced by a straight line between its two sides.

    Where one side has no measured pixel that is kept, the level of the other continues. Where
    neither has, the flux is 0, as where it is masked.
    """
    out = np.array(flux)
    steps = np.flatnonzero(np.diff(np.concatenate([[False], removed, [False]]).astype(np.int8)))
    kept = good & ~removed
    for start, stop in steps.reshape(-1, 2):
        before, after = np.flatnonzero(kept[:start]), np.flatnonzero(kept[stop:])
        knots, levels = [], []
        for pixels in (before[-SIDE_PIXELS:], stop + after[:SIDE_PIXELS]):
            if len(pixels):
                knots.append(pixels.mean())
                levels.append(float(np.median(flux[pixels])))
        inside = np.arange(start, stop)
        out[start:stop] = np.interp(inside, knots, levels) if knots else 0
        out[start:stop][~good[start:stop]] = 0
    return out
