"""Distribution of the young stars of a disk: along spiral arms and in knots."""

import numpy as np

from galsearch.core.arrays import Float32Array
from galsearch.simulate.population.morphology import Shape

_HALF_LIGHT = 1.678347
"""Ratio of half-light radius to scale length of an exponential disk."""


def young_stars(
    shape: Shape, rng: np.random.Generator, *, n_pixels: int, pixel_scale_arcsec: float
) -> tuple[Float32Array, Float32Array]:
    """Images (n_pixels, n_pixels) of spiral arms and of knots of young stars, each of sum one.

    North is up and east is left.
    """
    axis = ((np.arange(n_pixels) - (n_pixels - 1) / 2) * pixel_scale_arcsec).astype(np.float32)
    phase = float(rng.uniform(0, 2 * np.pi))
    return _arms(shape, axis, phase), _knots(shape, axis, phase, rng)


def _arms(shape: Shape, axis: Float32Array, phase: float) -> Float32Array:
    """Image (n_pixels, n_pixels) of an exponential disk with logarithmic spiral arms."""
    u, v = _to_disk(shape, axis[None, :], axis[:, None])
    radius = np.hypot(u, v)
    scale = np.float32(shape.disk_r_arcsec / _HALF_LIGHT)
    plane = np.exp(-radius / scale)
    if shape.n_arms:
        wind = np.log(np.maximum(radius, 0.2 * scale) / scale) / _tan_pitch(shape)
        wave = np.cos(shape.n_arms * (np.arctan2(v, u) - np.float32(wind) - np.float32(phase)))
        # The contrast of the arms falls towards the centre, so that they fade into the bulge.
        inner = 1 - np.exp(-((radius / scale) ** 2))
        plane = plane * np.exp(1.6 * inner * (wave - 1))
    return np.asarray(plane / plane.sum(), dtype=np.float32)


def _knots(
    shape: Shape, axis: Float32Array, phase: float, rng: np.random.Generator
) -> Float32Array:
    """Image (n_pixels, n_pixels) of Gaussian star-forming regions along the disk and its arms."""
    n = int(rng.integers(25, 70))
    scale = shape.disk_r_arcsec / _HALF_LIGHT
    radius = np.clip(rng.gamma(2.0, 1.0, n), 0.15, 5.0) * scale
    angle = rng.uniform(0, 2 * np.pi, n)
    if shape.n_arms:
        arm = rng.integers(0, shape.n_arms, n) * 2 * np.pi / shape.n_arms
        angle = phase + arm + np.log(radius / scale) / _tan_pitch(shape) + rng.normal(0, 0.25, n)
    u, v = radius * np.cos(angle), radius * np.sin(angle) * shape.disk_axis_ratio
    east_of_north = np.deg2rad(90.0 + shape.position_angle_deg)
    x = u * np.cos(east_of_north) - v * np.sin(east_of_north)
    y = u * np.sin(east_of_north) + v * np.cos(east_of_north)
    size = np.clip(0.06 * shape.disk_r_arcsec * rng.lognormal(0, 0.4, n), 0.15, None)
    flux = rng.lognormal(0, 0.8, n)
    across = np.exp(-0.5 * ((axis[None, :] - x[:, None]) / size[:, None]) ** 2)
    along = np.exp(-0.5 * ((axis[None, :] - y[:, None]) / size[:, None]) ** 2)
    plane = along.T @ (across * (flux / size**2)[:, None])
    return np.asarray(plane / plane.sum(), dtype=np.float32)


def _tan_pitch(shape: Shape) -> np.float32:
    return np.float32(np.tan(np.deg2rad(shape.pitch_deg)))


def _to_disk(shape: Shape, x: Float32Array, y: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Deprojected coordinates along and across the major axis in the plane of a disk."""
    angle = np.deg2rad(90.0 + shape.position_angle_deg)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    across = (y * cos - x * sin) / np.float32(shape.disk_axis_ratio)
    return x * cos + y * sin, np.asarray(across, dtype=np.float32)
