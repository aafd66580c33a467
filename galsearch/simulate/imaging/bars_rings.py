"""Fourier transforms of bars, rings and merging companions, each of total flux one.

The transforms are evaluated at the wave numbers (radians per arcsec) of the rendered field.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import j0

from galsearch.core.arrays import Complex64Array, Float32Array


@dataclass(frozen=True)
class WaveNumbers:
    """Wave numbers in radians per arcsec of a Fourier transform (ny, nx).

    Those along x, `kx`, are (1, nx), and those along y, `ky`, are (ny, 1).
    """

    kx: Float32Array
    ky: Float32Array

    def elliptical_radius(
        self, major_arcsec: float, axis_ratio: float, angle_deg: float
    ) -> Float32Array:
        """Modulus (ny, nx) of the wave numbers in the frame where an ellipse is the unit circle."""
        angle = np.deg2rad(angle_deg)
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        along = self.kx * cos + self.ky * sin
        across = (self.ky * cos - self.kx * sin) * np.float32(axis_ratio)
        return np.asarray(np.hypot(along, across) * np.float32(major_arcsec))

    def offset(self, x_arcsec: float, y_arcsec: float) -> Complex64Array:
        """Factor (ny, nx) of a Fourier transform that moves the image right by x and up by y."""
        right = np.exp(-1j * self.kx * x_arcsec)
        return np.asarray(np.exp(-1j * self.ky * y_arcsec) * right, dtype=np.complex64)


def bar(
    waves: WaveNumbers, half_length_arcsec: float, axis_ratio: float, angle_deg: float
) -> Float32Array:
    """Transform (ny, nx) of a bar, an elongated Gaussian.

    Half of its light lies within 0.6 of its half length.
    """
    k = waves.elliptical_radius(half_length_arcsec / 2, axis_ratio, angle_deg)
    return np.asarray(np.exp(-0.5 * k**2), dtype=np.float32)


def ring(
    waves: WaveNumbers, radius_arcsec: float, axis_ratio: float, angle_deg: float
) -> Float32Array:
    """Transform (ny, nx) of a ring: an inclined circle, blurred by a sixth of its radius."""
    k = waves.elliptical_radius(radius_arcsec, axis_ratio, angle_deg)
    return np.asarray(j0(k) * np.exp(-0.5 * (k / 6) ** 2), dtype=np.float32)


def companion(
    waves: WaveNumbers, size_arcsec: float, distance_arcsec: float, angle_deg: float
) -> Complex64Array:
    """Transform (ny, nx) of a merging companion: a round exponential disk and a curved tidal tail.

    The tail leads away from the companion and holds three tenths of its light.
    """
    angle = np.deg2rad(angle_deg)
    k = waves.elliptical_radius(size_arcsec, 1.0, 0.0)
    total = 0.7 * (1 + k**2) ** -1.5 * waves.offset(*_polar(distance_arcsec, angle))
    smear = np.exp(-0.5 * (1.2 * k) ** 2)
    steps = np.linspace(0.35, 1.6, 7)
    for step in steps:
        place = _polar(distance_arcsec * step, angle + np.pi + 0.9 * (step - 0.35))
        total = total + 0.3 / steps.size * smear * waves.offset(*place)
    return np.asarray(total, dtype=np.complex64)


def _polar(radius: float, angle: float) -> tuple[float, float]:
    return float(radius * np.cos(angle)), float(radius * np.sin(angle))
