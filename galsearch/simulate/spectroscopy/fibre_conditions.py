"""Spectra under the whole range of conditions that real surveys have.

Exposures are a tenth to thirty times as long as DESI's. Fibres have other sizes, miss the centre,
and lose light that the calibration does not restore, so that the flux of a spectrum is only roughly
that of the image. Arms may be missing.
"""

from dataclasses import dataclass, replace

import numpy as np

from galsearch.simulate.spectroscopy.arm_grid import ARMS
from galsearch.simulate.spectroscopy.spectrograph import Exposure, ObservedSpectrum

BRIGHT_SECONDS, DARK_SECONDS = 180.0, 1000.0
_DEPTH_RANGE = (0.1, 30.0)
_DEPTH_SHARE = 0.5
"""Range of the factors on the exposure time, and share of the spectra that have such a factor."""
_CALIBRATION, _CALIBRATION_SCATTER = 1.35, 0.09
"""Median and scatter (natural logarithm) of the flux of spectra over that of the image in a fibre.
In 2,356 extended DESI targets the median is 1.35, and 16 to 84 per cent lie at 1.25 to 1.47."""
_LOSS_SHARE, _LOSS_SCATTER = 0.35, 0.45
"""Share of the spectra with a wrong flux, and scatter (natural logarithm) of its factor."""
_DIAMETERS_ARCSEC, _DIAMETER_SHARES = (1.5, 2.0, 3.0), (0.7, 0.15, 0.15)
"""Fibres of DESI, BOSS and SDSS, and their shares."""
_MISS_ARCSEC = 0.1
"""Standard deviation along each axis of the distance of a fibre from the centre."""
_MISSING_ARM_CHANCE = 0.08
_OTHER_PROGRAMME_CHANCE = 0.2


@dataclass(frozen=True)
class FibreConditions:
    """Conditions under which one spectrum is taken."""

    exposure: Exposure
    diameter_arcsec: float
    offset_arcsec: tuple[float, float]
    """Offset of the fibre from the centre of the object."""
    missing_arms: tuple[str, ...]


def draw_fibre_conditions(
    rng: np.random.Generator, *, bright: bool, ordinary: bool = False
) -> FibreConditions:
    """Random conditions of one spectrum.

    Parameters
    ----------
    rng
        Generator of the conditions.
    bright
        True for targets that DESI observes in moonlight, for 180 s instead of 1000 s.
    ordinary
        True for a spectrum of DESI of the usual depth: a fibre of 1.5 arcsec, all arms, and no
        flux lost beyond the usual scatter.
    """
    unusual = 0.0 if ordinary else 1.0
    if rng.random() < _OTHER_PROGRAMME_CHANCE * unusual:
        bright = not bright
    has_factor = rng.random() < _DEPTH_SHARE * unusual
    depth = np.exp(rng.uniform(*np.log(_DEPTH_RANGE))) if has_factor else 1.0
    is_wrong = rng.random() < _LOSS_SHARE * unusual
    lost = np.exp(rng.normal(0, _LOSS_SCATTER)) if is_wrong else 1.0
    sky_left = 0.05 if rng.random() < 0.25 else 0.012
    seconds = BRIGHT_SECONDS if bright else DARK_SECONDS
    exposure = Exposure(
        effective_seconds=float(seconds * depth * np.exp(rng.normal(0.1, 0.2))),
        calibration=float(_CALIBRATION * lost * np.exp(rng.normal(0, _CALIBRATION_SCATTER))),
        tilt=float(rng.normal(0, 0.05)),
        seeing_arcsec=float(1.1 * np.exp(rng.normal(0, 0.15))),
        sky_brightness=2.5 if bright else 1.0,
        noise_tilt=float(rng.normal(0.95, 0.3)),
        masked=float((rng.random() > 0.33) * np.exp(rng.normal(0, 0.6))),
    )
    steps, left = 1 + rng.normal(0, 0.03, 3), rng.normal(0, sky_left, 3)
    exposure = replace(
        exposure,
        arm_calibration=(float(steps[0]), float(steps[1]), float(steps[2])),
        sky_residual=(float(left[0]), float(left[1]), float(left[2])),
        residual=float(np.exp(rng.normal(-0.15, 0.5))),
    )
    offset = rng.normal(0, _MISS_ARCSEC, 2)
    missing: tuple[str, ...] = ()
    if rng.random() < _MISSING_ARM_CHANCE * unusual:
        missing = (list(ARMS)[int(rng.integers(3))],)
    diameter = float(rng.choice(_DIAMETERS_ARCSEC, p=_DIAMETER_SHARES))
    return FibreConditions(
        exposure=exposure,
        diameter_arcsec=_DIAMETERS_ARCSEC[0] if ordinary else diameter,
        offset_arcsec=(float(offset[0]), float(offset[1])),
        missing_arms=missing,
    )


def without_missing_arms(
    spectrum: ObservedSpectrum, conditions: FibreConditions
) -> ObservedSpectrum:
    """The spectrum with flux and inverse variance 0 in arms that are missing."""
    for arm in conditions.missing_arms:
        for planes in (spectrum.flux, spectrum.ivar):
            planes[arm] = np.zeros_like(planes[arm])
    return spectrum
