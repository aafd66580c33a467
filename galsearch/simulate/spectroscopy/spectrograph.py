"""Spectra as DESI's spectrograph records them: calibration errors, noise, residuals and masks."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.simulate.spectroscopy.arm_grid import ARMS, arm_wavelengths
from galsearch.simulate.spectroscopy.noise_table import (
    RESIDUAL_ANGSTROM,
    noise_difference,
    noise_level,
    residual_strength,
)

_SKY_FLUX = {"b": 2.0, "r": 2.8, "z": 2.5}
"""Flux of the dark sky between lines in a fibre of 1.77 square arcseconds, in the units of
calibrated flux: about 22.1, 20.9 and 20.3 mag per square arcsecond in g, r, z (typical of Kitt Peak
without moon), times 1.35 for the calibration to point sources, and a little for read noise in the
blue. The light of a galaxy adds noise in proportion to that of the sky."""
_MASKED_FRACTION = {"b": 0.0002, "r": 0.0013, "z": 0.0013}
"""Share of pixels that are masked for a cosmic ray after coaddition, in the two thirds of spectra
that have such pixels. In 50 real EDR spectra nine tenths of the runs of bad pixels lie in the two
red arms, about seven per spectrum."""
_MASKED_NEXT_FRACTION = 0.4
"""Share of the pixels masked for a cosmic ray whose next pixel is masked too."""
_OUTLIER_FRACTION = {"b": 0.001, "r": 0.001, "z": 0.0005}
"""Share of pixels whose error is larger than ivar states: real spectra jump by more than 4 sigma
from pixel to pixel in 0.05 to 0.4 per cent of the blue pixels, and spectra with Gaussian noise
never."""
_OUTLIER_SIGMAS = 3.5
_SCATTER_ANGSTROM = 500.0
"""Scale in Angstrom over which the noise differs independently between exposures: in EDR spectra it
differs in bins of 300 A and more, and not from line to line."""


@dataclass(frozen=True)
class Exposure:
    """Conditions under which the spectrum of one galaxy was taken."""

    effective_seconds: float
    calibration: float
    """Ratio of recorded flux to flux in the fibre: DESI corrects for the light of a point source
    that misses the fibre."""
    tilt: float
    """Relative error of the calibration at the ends of the spectrum, of opposite signs."""
    seeing_arcsec: float = 1.1
    """FWHM of the PSF at the fibre, in arcseconds."""
    sky_brightness: float = 1.0
    """Brightness of the sky relative to the dark sky."""
    noise_tilt: float = 0.0
    """Excess of the noise in the blue over the noise in the red, relative to the typical excess."""
    masked: float = 1.0
    """Number of cosmic rays relative to the typical number."""
    arm_calibration: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Relative calibration of the arms, whose differences are steps where two arms join."""
    sky_residual: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Share of the sky's light that was left by its subtraction, by arm."""
    residual: float = 1.0
    """Strength of residuals at sky lines and at the ends, relative to the typical strength."""


@dataclass(frozen=True, eq=False)
class ObservedSpectrum:
    """Recorded spectrum of one galaxy: flux, ivar and mask by arm, (n,) each.

    Flux is in 1e-17 erg / (s cm2 Angstrom); the mask is 0 for a good pixel.
    """

    flux: dict[str, Float32Array]
    ivar: dict[str, Float32Array]
    mask: dict[str, npt.NDArray[np.int32]]
    signal_to_noise: float
    """Signal-to-noise ratio per pixel: median in the R arm of the noiseless flux over its error."""


def observe_spectrum(
    flux: dict[str, Float64Array], exposure: Exposure, rng: np.random.Generator
) -> ObservedSpectrum:
    """Recorded spectrum made from the noiseless flux of each arm.

    Calibration errors, noise and masked pixels are added.
    """
    observed = ObservedSpectrum({}, {}, {}, 0.0)
    signal_to_noise = 0.0
    for number, arm in enumerate(ARMS):
        signal = _calibrated(flux[arm], number, exposure)
        variance, excess = _variance(arm, signal, exposure, rng)
        sigma = np.sqrt(variance)
        outliers = rng.random(signal.size, dtype=np.float32) < _OUTLIER_FRACTION[arm]
        excess = np.where(outliers, _OUTLIER_SIGMAS, excess)
        noise = rng.standard_normal(signal.size, dtype=np.float32)
        bad = _masked(arm, exposure.masked, rng)
        residual = exposure.residual * residual_strength(arm) * sigma
        residual *= _interpolated_normal(arm, rng, RESIDUAL_ANGSTROM)
        residual += exposure.sky_residual[number] * _SKY_FLUX[arm] * exposure.sky_brightness
        recorded = signal + noise * sigma * excess + residual
        observed.flux[arm] = np.where(bad, 0, recorded).astype(np.float32)
        observed.ivar[arm] = np.where(bad, 0, 1 / variance).astype(np.float32)
        # A cosmic ray is bit 2 (COSMIC) of DESI's spectral mask, whose value is 4.
        observed.mask[arm] = np.where(bad, 4, 0).astype(np.int32)
        if arm == "r":
            signal_to_noise = float(np.median(signal / sigma))
    return ObservedSpectrum(observed.flux, observed.ivar, observed.mask, signal_to_noise)


def _calibrated(flux: Float64Array, number: int, exposure: Exposure) -> Float64Array:
    """Flux of arm `number` (0, 1, 2 for b, r, z) with the errors of its calibration."""
    low, high = list(ARMS.values())[number]
    along = np.linspace(-1, 1, DESI_WAVELENGTH_ANGSTROM.size)[low:high]
    gain = exposure.calibration * exposure.arm_calibration[number]
    return flux * gain * (1 + exposure.tilt * along)


def _variance(
    arm: str, signal: Float64Array, exposure: Exposure, rng: np.random.Generator
) -> tuple[Float64Array, Float64Array]:
    """Variance of each pixel, and the ratio of the true error to the error that ivar states."""
    difference = exposure.noise_tilt * noise_difference("tilt", arm) + noise_difference("fine", arm)
    difference += noise_difference("scatter", arm) * _interpolated_normal(
        arm, rng, _SCATTER_ANGSTROM
    )
    level, lines = (sigma * np.exp(difference) for sigma in noise_level(arm))
    # The strength of sky lines varies from week to week. In 50 real EDR spectra they are a quarter
    # weaker than in the tabulated exposures, and their subtraction leaves larger residuals than
    # ivar states.
    lines = lines * np.exp(rng.normal(-0.25, 0.25))
    sky = level**2 + lines**2
    relative_signal = np.clip(signal, 0, None) / (_SKY_FLUX[arm] * exposure.sky_brightness)
    variance = (sky + relative_signal * level**2) * 1000.0 / exposure.effective_seconds
    return variance, 1 + 0.15 * lines**2 / sky


def _masked(arm: str, times: float, rng: np.random.Generator) -> BoolArray:
    """True for pixels of an arm that a cosmic ray hit, and for some of the pixels after them."""
    grid = arm_wavelengths()[arm]
    hit = rng.random(grid.size, dtype=np.float32) < times * _MASKED_FRACTION[arm]
    spread = rng.random(grid.size, dtype=np.float32) < _MASKED_NEXT_FRACTION
    hit[1:] |= hit[:-1] & spread[1:]
    return np.asarray(hit)


def _interpolated_normal(arm: str, rng: np.random.Generator, step_angstrom: float) -> Float64Array:
    """Standard normal numbers at nodes `step_angstrom` apart, interpolated linearly."""
    grid = arm_wavelengths()[arm]
    nodes = np.arange(grid[0], grid[-1] + 2 * step_angstrom, step_angstrom)
    return np.asarray(np.interp(grid, nodes, rng.standard_normal(nodes.size)))
