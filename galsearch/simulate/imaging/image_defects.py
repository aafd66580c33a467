"""Pixels of an image without a measurement: bleed trails, dead columns, holes and missing bands."""

import numpy as np

from galsearch.core.arrays import BoolArray

_N_BANDS = 3
_MISSING_BAND_CHANCE = 0.07
_DEAD_LINES_CHANCE = 0.08
_BLEED_CHANCE = 0.04
_HOLE_CHANCE = 0.04
_EDGE_CHANCE = 0.05
"""Chances of each kind of defect. Each is several times as frequent as in the Legacy Surveys, so
that an encoder sees it often enough to learn what it means."""


def draw_defects(rng: np.random.Generator, n_pixels: int) -> BoolArray:
    """Random mask (3, n_pixels, n_pixels) of an image, True for pixels without a measurement.

    Three images in four have no masked pixel. At least one band is measured at some place in every
    image.
    """
    mask = np.zeros((_N_BANDS, n_pixels, n_pixels), bool)
    if rng.random() < _EDGE_CHANCE:
        mask[_some_bands(rng)] |= _beyond_edge(rng, n_pixels)
    if rng.random() < _DEAD_LINES_CHANCE:
        mask[_some_bands(rng)] |= _dead_lines(rng, n_pixels)
    if rng.random() < _BLEED_CHANCE:
        mask[_some_bands(rng)] |= _bleed_trail(rng, n_pixels)
    if rng.random() < _HOLE_CHANCE:
        mask[_some_bands(rng)] |= _hole(rng, n_pixels)
    if rng.random() < _MISSING_BAND_CHANCE:
        n_missing = 2 if rng.random() < 0.2 else 1
        mask[rng.permutation(_N_BANDS)[:n_missing]] = True
    if mask.all():
        mask[int(rng.integers(_N_BANDS))] = False
    return mask


def _some_bands(rng: np.random.Generator) -> list[int]:
    """Bands that a defect affects: one of them, or all, because exposures of all bands share the
    layout of the detectors.
    """
    return [0, 1, 2] if rng.random() < 0.35 else [int(rng.integers(_N_BANDS))]


def _position(rng: np.random.Generator, n_pixels: int) -> int:
    """Pixel of a defect along one axis, half of the time near the centre, where it matters."""
    if rng.random() < 0.5:
        return int(np.clip(rng.normal(n_pixels / 2, 6.0), 0, n_pixels - 1))
    return int(rng.integers(n_pixels))


def _dead_lines(rng: np.random.Generator, n_pixels: int) -> BoolArray:
    """One to six adjacent columns or rows."""
    mask = np.zeros((n_pixels, n_pixels), bool)
    first = _position(rng, n_pixels)
    mask[:, first : first + int(rng.integers(1, 7))] = True
    return mask.T if rng.random() < 0.5 else mask


def _bleed_trail(rng: np.random.Generator, n_pixels: int) -> BoolArray:
    """A column whose width tapers away from a saturated star, which may lie outside the image."""
    rows = np.arange(n_pixels)[:, None]
    star = rng.uniform(-0.5, 1.5) * n_pixels
    half_width = rng.uniform(1.0, 5.0) * np.exp(-np.abs(rows - star) / (0.6 * n_pixels))
    distance = np.abs(np.arange(n_pixels)[None, :] - _position(rng, n_pixels))
    return np.asarray(distance < half_width)


def _hole(rng: np.random.Generator, n_pixels: int) -> BoolArray:
    """A round hole, as of a masked star or a cosmic ray."""
    y, x = np.ogrid[:n_pixels, :n_pixels]
    radius = np.exp(rng.uniform(np.log(1.5), np.log(12.0)))
    distance = np.hypot(x - _position(rng, n_pixels), y - _position(rng, n_pixels))
    return np.asarray(distance < radius)


def _beyond_edge(rng: np.random.Generator, n_pixels: int) -> BoolArray:
    """All pixels beyond a straight edge of the coverage at a random angle and distance."""
    axis = np.arange(n_pixels) - (n_pixels - 1) / 2
    angle = rng.uniform(0, 2 * np.pi)
    along = axis[None, :] * np.cos(angle) + axis[:, None] * np.sin(angle)
    return np.asarray(along > rng.uniform(-0.05, 0.55) * n_pixels)
