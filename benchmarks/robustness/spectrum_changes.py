"""Changes of spectra as real surveys have them: missing arms, fibre losses, sky, wrong errors.

A change takes spectra on the DESI grid as flux and inverse variance (n, 7781), in which 0 masks a
pixel, and a generator of random numbers. It returns what the encoder is given.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, SPEED_OF_LIGHT_KM_S

ARM_EDGES_ANGSTROM = {"B": (0, 5780), "R": (5780, 7570), "Z": (7570, 1e5)}
"""Wavelengths that only one arm of DESI measures, up to the middle of its overlap with the next."""


@dataclass(frozen=True)
class GivenSpectra:
    """Spectra as they are given to an encoder."""

    flux: Float32Array
    """(n, 7781) flux in 1e-17 erg / (s cm2 Angstrom)."""
    ivar: Float32Array | None
    """(n, 7781) inverse variance, 0 where masked; None where it is not given."""
    mask: BoolArray | None = None
    """(n, 7781) True where there is no measurement, beside the pixels without ivar."""
    calibrated: bool = True
    """False where the encoder is told that the unit of the flux is not known."""


SpectrumChange = Callable[[Float32Array, Float32Array, np.random.Generator], GivenSpectra]


def spectrum_changes() -> dict[str, SpectrumChange]:
    """The changes of spectra by the name of their row in the table."""
    changes: dict[str, SpectrumChange] = {
        f"arm {arm} missing": _masked(low, high) for arm, (low, high) in ARM_EDGES_ANGSTROM.items()
    }
    changes |= {
        "flux x 2": lambda flux, ivar, _: _scaled(flux, ivar, np.array(2.0)),
        "flux x 0.5": lambda flux, ivar, _: _scaled(flux, ivar, np.array(0.5)),
        "level + 0.3e-17": lambda flux, ivar, _: GivenSpectra(
            np.where(ivar > 0, flux + np.float32(0.3), 0), ivar
        ),
        "inverse variance x 2, noise unchanged": lambda flux, ivar, _: GivenSpectra(
            flux, ivar * np.float32(2)
        ),
        "inverse variance / 2, noise unchanged": lambda flux, ivar, _: GivenSpectra(
            flux, ivar * np.float32(0.5)
        ),
        "no inverse variance": lambda flux, ivar, _: GivenSpectra(flux, None, ivar <= 0),
        "calibrated = False": lambda flux, ivar, _: GivenSpectra(flux, ivar, calibrated=False),
        "20 % masked in pieces": _masked_in_pieces,
        "tilt of 10 %": lambda flux, ivar, _: _scaled(flux, ivar, np.linspace(0.9, 1.1, 7781)),
        "step of 5 % between the arms": lambda flux, ivar, _: _scaled(flux, ivar, _steps()),
        "noise added, to twice the variance": _noisier,
    }
    for km_s in (80, 300, 1000):
        changes[f"wavelengths off by {km_s} km/s"] = _moved(km_s)
    return changes


def _masked(low: float, high: float) -> SpectrumChange:
    def change(flux: Float32Array, ivar: Float32Array, _: np.random.Generator) -> GivenSpectra:
        missing = (low <= DESI_WAVELENGTH_ANGSTROM) & (high > DESI_WAVELENGTH_ANGSTROM)
        return GivenSpectra(np.where(missing, 0, flux), np.where(missing, 0, ivar))

    return change


def _masked_in_pieces(
    flux: Float32Array, ivar: Float32Array, rng: np.random.Generator
) -> GivenSpectra:
    """Spectra of which a fifth is masked, in pieces of 100 pixels at random places."""
    n_pieces = flux.shape[1] // 100
    hit = rng.random((len(flux), n_pieces + 1)) < 0.2
    missing = np.repeat(hit, 100, axis=1)[:, : flux.shape[1]]
    return GivenSpectra(np.where(missing, 0, flux), np.where(missing, 0, ivar))


def _scaled(flux: Float32Array, ivar: Float32Array, factor: Float64Array) -> GivenSpectra:
    return GivenSpectra((flux * factor).astype(np.float32), (ivar / factor**2).astype(np.float32))


def _steps() -> Float64Array:
    """(7781,) factor that differs by 5 per cent between neighbouring arms."""
    levels = np.array([0.95, 1.0, 1.05])
    starts = [low for low, _ in ARM_EDGES_ANGSTROM.values()]
    return np.asarray(levels[np.searchsorted(starts, DESI_WAVELENGTH_ANGSTROM, "right") - 1])


def _noisier(flux: Float32Array, ivar: Float32Array, rng: np.random.Generator) -> GivenSpectra:
    good = ivar > 0
    sigma = np.where(good, 1 / np.sqrt(np.where(good, ivar, 1)), 0)
    noise = rng.standard_normal(flux.shape, dtype=np.float32) * sigma
    return GivenSpectra((flux + noise).astype(np.float32), ivar * np.float32(0.5))


def _moved(km_s: float) -> SpectrumChange:
    """A change that moves each spectrum to longer wavelengths, as an error of the calibration."""

    def change(flux: Float32Array, ivar: Float32Array, _: np.random.Generator) -> GivenSpectra:
        grid = DESI_WAVELENGTH_ANGSTROM
        source = np.interp(grid / (1 + km_s / SPEED_OF_LIGHT_KM_S), grid, np.arange(grid.size))
        nearest = np.rint(source).astype(int)
        below = np.clip(source.astype(int), 0, grid.size - 2)
        part = (source - below).astype(np.float32)
        between = flux[:, below] * (1 - part) + flux[:, below + 1] * part
        whole = (ivar[:, below] > 0) & (ivar[:, below + 1] > 0)
        moved = np.where(whole, between, flux[:, nearest])
        return GivenSpectra(moved.astype(np.float32), ivar[:, nearest])

    return change
