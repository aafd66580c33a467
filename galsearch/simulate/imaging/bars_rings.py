"""Bars, rings and companions: what disks have beside their exponential, as Fourier transforms.

Each is of flux one, on the wave numbers (radians per arcsec) of the field it is drawn in.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import j0

Plane = npt.NDArray[np.float32]
Transform = npt.NDArray[np.complex64]


@dataclass(frozen=True)
class Waves:
    """Wave numbers of a transform (ny, nx): `ky` (ny, 1) and `kx` (1, nx)."""

    kx: Plane
    ky: Plane

    def stretched(self, major_arcsec: float, axis_ratio: float, angle_deg: float) -> Plane:
        """(ny, nx): the wave number in the frame in which an ellipse is a circle of radius one."""
        angle = np.deg2rad(angle_deg)
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        along = self.kx * cos + self.ky * sin
        across = (self.ky * cos - self.kx * sin) * np.float32(axis_ratio)
        return np.asarray(np.hypot(along, across) * np.float32(major_arcsec))

    def offset(self, x_arcsec: float, y_arcsec: float) -> Transform:
        """What moves a transform right and up by these."""
        right = np.exp(-1j * self.kx * x_arcsec)
        return np.asarray(np.exp(-1j * self.ky * y_arcsec) * right, dtype=np.complex64)


def bar(waves: Waves, half_length_arcsec: float, axis_ratio: float, angle_deg: float) -> Plane:
    """An elongated Gaussian that holds half its light within 0.6 of its half length."""
    k = waves.stretched(half_length_arcsec / 2, axis_ratio, angle_deg)
    return np.asarray(np.exp(-0.5 * k**2), dtype=np.float32)


def ring(waves: Waves, radius_arcsec: float, axis_ratio: float, angle_deg: float) -> Plane:
    """A circle seen inclined, blurred to a sixth of its radius."""
    k = waves.stretched(radius_arcsec, axis_ratio, angle_deg)
    return np.asarray(j0(k) * np.exp(-0.5 * (k / 6) ** 2), dtype=np.float32)


def companion(
    waves: Waves, size_arcsec: float, distance_arcsec: float, angle_deg: float
) -> Transform:
    """A round exponential disk at a distance, and a curved tail of stars that leads away from it.

    Three tenths of the light lie in the tail.
    """
    angle = np.deg2rad(angle_deg)
    k = waves.stretched(size_arcsec, 1.0, 0.0)
    total = 0.7 * (1 + k**2) ** -1.5 * waves.offset(*_polar(distance_arcsec, angle))
    smear = np.exp(-0.5 * (1.2 * k) ** 2)
    steps = np.linspace(0.35, 1.6, 7)
    for step in steps:
        place = _polar(distance_arcsec * step, angle + np.pi + 0.9 * (step - 0.35))
        total = total + 0.3 / steps.size * smear * waves.offset(*place)
    return np.asarray(total, dtype=np.complex64)


def _polar(radius: float, angle: float) -> tuple[float, float]:
    return float(radius * np.cos(angle)), float(radius * np.sin(angle))
