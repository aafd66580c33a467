"""What DESI would record of a galaxy's light in its fibre: three arms, with their noise."""

import functools
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.simulate.cosmology import SPEED_OF_LIGHT_KM_S
from galsearch.simulate.sed.galaxy_sed import Light
from galsearch.simulate.sed.stellar_grid import STEP_KM_S

Floats = npt.NDArray[np.float64]

ARMS = {"b": (0, 2751), "r": (2700, 5026), "z": (4900, 7781)}
"""First and past-the-last pixel of each arm on the DESI grid: 3600-5800, 5760-7620, 7520-9824 A."""
_STEP_ANGSTROM = 0.8
RESOLUTION_SIGMA_ANGSTROM = {"b": 0.78, "r": 0.72, "z": 0.78}
"""FWHM 1.83, 1.70 and 1.83 A (resolving powers in DESI Collaboration 2022, AJ 164, 207)."""
_SKY_LIGHT = {"b": 2.0, "r": 2.8, "z": 2.5}
"""Dark sky between lines in a fibre of 1.77 square arcseconds, in the units of calibrated flux:
about 22.1, 20.9 and 20.3 mag per square arcsecond in g, r, z (typical of Kitt Peak without moon),
times 1.35 as point sources are calibrated, and a little for read noise in the blue. A galaxy's
light adds noise in proportion to the sky's."""
_SKY_LINE_SIGMA_ANGSTROM = 0.85
_MASKED_SHARE = {"b": 0.0002, "r": 0.0013, "z": 0.0013}
"""Cosmics that survive coaddition, in the two thirds of spectra that have any: of the runs of bad
pixels in the 50 EDR spectra at hand nine tenths lie in the two red arms, about seven a spectrum."""
_MASKED_NEXT = 0.4
"""Of masked pixels, how many mask the next one too."""
_OUTLIER_SHARE = {"b": 0.001, "r": 0.001, "z": 0.0005}
_RESIDUAL_ANGSTROM = 10.0
"""What is left of the sky keeps its sign over about a line and its wings."""
_SCATTER_ANGSTROM = 500.0
"""How far apart the noise of exposures differs independently: EDR spectra's does in bins of 300 A
and more, and not from line to line."""
_OUTLIER_SIGMAS = 3.5
"""Pixels whose error is larger than ivar says: real spectra jump by over 4 sigma from pixel to
pixel in 0.05 to 0.4 per cent of the blue pixels, where Gaussian ones never do."""


@dataclass(frozen=True)
class Exposure:
    """How one galaxy was observed, apart from what it is."""

    effective_seconds: float
    calibration: float
    """Recorded flux over flux in the fibre: DESI corrects point sources for what misses it."""
    tilt: float
    """Relative error of the calibration at the ends of the spectrum, of opposite signs."""
    seeing_arcsec: float = 1.1
    """PSF FWHM at the fibre."""
    sky_brightness: float = 1.0
    """Over the dark sky's."""
    noise_tilt: float = 0.0
    """How much of the typical excess of noise in the blue over the red it has."""
    masked: float = 1.0
    """Cosmics, over their typical number."""
    arm_calibration: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Of the arms beside one another: what shows as a step where they join."""
    sky_left: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Share of the sky's light that was subtracted too little, by arm."""
    residual: float = 1.0
    """Strength of what is left at sky lines and at the ends, over its typical strength."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """One galaxy's spectrum by arm, (n,) each: flux, ivar and a mask that is 0 for good."""

    flux: dict[str, npt.NDArray[np.float32]]
    ivar: dict[str, npt.NDArray[np.float32]]
    mask: dict[str, npt.NDArray[np.int32]]
    signal_to_noise: float
    """Median over the R arm, per pixel, of the noiseless flux over its error."""


def fibre_spectrum(
    light: Light, fibre_shares: npt.ArrayLike, *, sigma_bulge_km_s: float, sigma_disk_km_s: float
) -> dict[str, Floats]:
    """The noiseless flux in the fibre by arm, at DESI's resolution, 1e-17 erg/(s cm2 Angstrom).

    Parameters
    ----------
    fibre_shares : (4,)
        Shares of bulge, disk, young stars and nucleus that enter the fibre.
    """
    share = np.asarray(fibre_shares, dtype=np.float32)
    disk = share[1] * light.continuum[1] + share[2] * light.continuum[2]
    rest = _broaden(share[0] * light.continuum[0], sigma_bulge_km_s)
    rest = rest + _broaden(disk, sigma_disk_km_s)
    grid = DESI_WAVELENGTH_ANGSTROM
    continuum = np.interp(grid, light.wavelength_angstrom, rest)
    arms = {}
    for arm, (low, high) in ARMS.items():
        resolution = RESOLUTION_SIGMA_ANGSTROM[arm]
        flux = _smooth(continuum, resolution / _STEP_ANGSTROM)[low:high]
        for lines, sigma in (
            (share[2] * light.young_lines, sigma_disk_km_s),
            (share[3] * light.nuclear_lines, sigma_bulge_km_s),
        ):
            _add_lines(flux, grid[low], light.line_wavelength_angstrom, lines, sigma, resolution)
        arms[arm] = flux
    return arms


def observe(flux: dict[str, Floats], exposure: Exposure, rng: np.random.Generator) -> Recorded:
    """The flux with calibration errors, noise and masked pixels."""
    recorded: dict[str, dict[str, Any]] = {"flux": {}, "ivar": {}, "mask": {}}
    quality = 0.0
    for number, (arm, (low, high)) in enumerate(ARMS.items()):
        along = np.linspace(-1, 1, DESI_WAVELENGTH_ANGSTROM.size)[low:high]
        gain = exposure.calibration * exposure.arm_calibration[number]
        signal = flux[arm] * gain * (1 + exposure.tilt * along)
        unlike = exposure.noise_tilt * _noise_shape("tilt", arm) + _noise_shape("fine", arm)
        unlike += _noise_shape("scatter", arm) * _slow_normal(arm, rng, _SCATTER_ANGSTROM)
        level, lines = (sigma * np.exp(unlike) for sigma in _noise(arm))
        # Two weeks' sky lines are never alike, a quarter weaker in the 50 EDR spectra at hand than
        # in the tabulated exposures, and their subtraction leaves more than ivar says.
        lines = lines * np.exp(rng.normal(-0.25, 0.25))
        sky = level**2 + lines**2
        light = np.clip(signal, 0, None) / (_SKY_LIGHT[arm] * exposure.sky_brightness)
        variance = (sky + light * level**2) * 1000.0 / exposure.effective_seconds
        sigma = np.sqrt(variance)
        excess = 1 + 0.15 * lines**2 / sky
        strays = rng.random(signal.size, dtype=np.float32) < _OUTLIER_SHARE[arm]
        excess = np.where(strays, _OUTLIER_SIGMAS, excess)
        noise = rng.standard_normal(signal.size, dtype=np.float32)
        bad = _masked(arm, exposure.masked, rng)
        left = exposure.residual * _residual(arm) * sigma
        left *= _slow_normal(arm, rng, _RESIDUAL_ANGSTROM)
        left += exposure.sky_left[number] * _SKY_LIGHT[arm] * exposure.sky_brightness
        seen = signal + noise * sigma * excess + left
        recorded["flux"][arm] = np.where(bad, 0, seen).astype(np.float32)
        recorded["ivar"][arm] = np.where(bad, 0, 1 / variance).astype(np.float32)
        recorded["mask"][arm] = np.where(bad, 4, 0).astype(np.int32)  # bit 2: COSMIC
        if arm == "r":
            quality = float(np.median(signal / sigma))
    return Recorded(**recorded, signal_to_noise=quality)


def _masked(arm: str, times: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Which pixels a cosmic ray has spoilt: some, and the next in part of the cases."""
    grid = arm_wavelengths()[arm]
    hit = rng.random(grid.size, dtype=np.float32) < times * _MASKED_SHARE[arm]
    spread = rng.random(grid.size, dtype=np.float32) < _MASKED_NEXT
    hit[1:] |= hit[:-1] & spread[1:]
    return np.asarray(hit)


def arm_wavelengths() -> dict[str, Floats]:
    """Wavelengths of the pixels of each arm, Angstrom."""
    return {arm: DESI_WAVELENGTH_ANGSTROM[low:high] for arm, (low, high) in ARMS.items()}


def _broaden(flux: npt.NDArray[np.float32], sigma_km_s: float) -> npt.NDArray[np.float32]:
    """Doppler broadening: a Gaussian on the rest grid, whose steps are of one velocity."""
    return np.asarray(_smooth(flux, sigma_km_s / STEP_KM_S), dtype=np.float32)


def _smooth(values: npt.NDArray[Any], sigma_pixels: float) -> npt.NDArray[Any]:
    reach = int(np.ceil(4 * sigma_pixels)) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_pixels) ** 2)
    kernel = (kernel / kernel.sum()).astype(values.dtype)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel, mode="valid")


def _add_lines(
    flux: Floats,
    first_angstrom: float,
    wavelength: Floats,
    strength: Floats,
    sigma_km_s: float,
    resolution_angstrom: float,
) -> None:
    """Add Gaussian lines (fluxes `strength`) in place, each within 60 pixels of its centre."""
    shown = strength > 1e-4 * max(float(strength.max()), 1e-30)
    wavelength, strength = wavelength[shown], strength[shown]
    sigma = np.hypot(wavelength * sigma_km_s / SPEED_OF_LIGHT_KM_S, resolution_angstrom)
    centre = (wavelength - first_angstrom) / _STEP_ANGSTROM
    near = (centre > -60) & (centre < flux.size + 60)
    wavelength, strength, sigma, centre = (a[near] for a in (wavelength, strength, sigma, centre))
    pixel = np.round(centre).astype(int)[:, None] + np.arange(-60, 61)
    offset = (pixel - centre[:, None]) * _STEP_ANGSTROM / sigma[:, None]
    height = strength / (np.sqrt(2 * np.pi) * sigma)
    values = height[:, None] * np.exp(-0.5 * offset**2)
    inside = (pixel >= 0) & (pixel < flux.size)
    np.add.at(flux, pixel[inside], values[inside])


def _slow_normal(arm: str, rng: np.random.Generator, step_angstrom: float) -> Floats:
    """Standard normal numbers every so many Angstrom, joined by straight lines."""
    grid = arm_wavelengths()[arm]
    nodes = np.arange(grid[0], grid[-1] + 2 * step_angstrom, step_angstrom)
    return np.asarray(np.interp(grid, nodes, rng.standard_normal(nodes.size)))


@functools.cache
def _residual(arm: str) -> Floats:
    """What is left of sky and instrument, in the noise of a pixel; 0 between the bins listed."""
    rows = [row for row in _noise_table() if row[:2] == ["all", "residual"]]
    grid, out = arm_wavelengths()[arm], np.zeros(arm_wavelengths()[arm].size)
    for row in rows:
        out[np.abs(grid - float(row[2])) <= _RESIDUAL_ANGSTROM / 2] = float(row[3])
    return out


@functools.cache
def _noise_shape(kind: str, arm: str) -> Floats:
    """Ln of how the noise of other exposures differs from that of those tabulated.

    `tilt`: of most, smooth; `fine`: what is left of that; `scatter`: sigma from one to the next.
    """
    rows = [row for row in _noise_table() if row[:2] == ["all", kind]]
    points = np.array([(float(row[2]), float(row[3])) for row in rows])
    return np.asarray(np.interp(arm_wavelengths()[arm], *points.T))


@functools.cache
def _noise(arm: str) -> tuple[Floats, Floats]:
    """One sigma at 1000 s in each pixel of an arm: between the sky lines, and of the lines."""
    rows = [row for row in _noise_table() if row[0] == arm]
    points = {
        kind: np.array([(float(r[2]), float(r[3])) for r in rows if r[1] == kind])
        for kind in ("level", "line")
    }
    grid = arm_wavelengths()[arm]
    level = np.interp(grid, *points["level"].T)
    centre, height = points["line"].T
    offset = (grid[None, :] - centre[:, None]) / _SKY_LINE_SIGMA_ANGSTROM
    variance = (height[:, None] ** 2 * np.exp(-0.5 * offset**2)).sum(axis=0)
    return level, np.sqrt(variance)


@functools.cache
def _noise_table() -> list[list[str]]:
    table = resources.files("galsearch.simulate").joinpath("desi_noise.csv").read_text("utf-8")
    return [row.split(",") for row in table.splitlines() if not row.startswith("#")]
