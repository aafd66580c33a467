"""Images of galaxies with GalSim, made as products of the Fourier transforms of profile and PSF.

Each component of a galaxy is rendered once and serves all bands. The light in a fibre is the
product with the transform of the fibre's aperture, so that image and spectrum see the same
convolved profile.
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from galsearch.core.arrays import Complex64Array, Float32Array, Float64Array
from galsearch.core.cutout import LEGACY_PIXEL_SCALE_ARCSEC
from galsearch.simulate.imaging.bars_rings import WaveNumbers, bar, companion, ring
from galsearch.simulate.imaging.spiral_arms import young_stars
from galsearch.simulate.optional_imports import import_optional
from galsearch.simulate.population.morphology import Shape

PIXEL_SCALE_ARCSEC = LEGACY_PIXEL_SCALE_ARCSEC
SIZE_PIXELS = 152
_FIELD = 256
"""Side in pixels of the periodic field that is transformed; the cutout is its middle."""
FIBRE_DIAMETER_ARCSEC = 1.5


def component_transforms(shape: Shape, rng: np.random.Generator) -> list[Complex64Array]:
    """Fourier transforms (256, 129) of bulge, disk and young stars of a galaxy, each of flux one.

    Bars, rings and companions are part of these components.
    """
    galsim = import_optional("galsim")
    # GalSim measures angles from its x axis, which runs west on the sky (column 0 is east), so
    # 90 degrees are added to a position angle east of north.
    angle = (90.0 + shape.position_angle_deg) * galsim.degrees
    bulge = galsim.Sersic(
        shape.sersic, half_light_radius=_circular(shape.bulge_r_arcsec, shape.bulge_axis_ratio)
    )
    disk = galsim.Exponential(
        half_light_radius=_circular(shape.disk_r_arcsec, shape.disk_axis_ratio)
    )
    smooth = _transform(disk.shear(q=shape.disk_axis_ratio, beta=angle))
    parts = [_transform(bulge.shear(q=shape.bulge_axis_ratio, beta=angle)), smooth]
    if shape.disk_r_arcsec < 1.2:
        return _add_companion([*parts, smooth], shape, rng)
    pattern = young_stars(shape, rng, n_pixels=_FIELD, pixel_scale_arcsec=PIXEL_SCALE_ARCSEC)
    waves, knots = (np.fft.rfft2(plane) * np.conj(_half_pixel()) for plane in pattern)
    if shape.n_arms:
        parts[1] = np.asarray(0.7 * smooth + 0.3 * waves, dtype=np.complex64)
    young = shape.clumpiness * knots + (1 - shape.clumpiness) * (waves if shape.n_arms else smooth)
    parts = _add_bar_and_ring([*parts, np.asarray(young, dtype=np.complex64)], shape)
    return _add_companion(parts, shape, rng)


def _add_bar_and_ring(parts: list[Complex64Array], shape: Shape) -> list[Complex64Array]:
    """Transforms of the bulge, of the disk with bar and ring, and of the young stars with ring."""
    bulge, disk, young = parts
    major_deg = 90.0 + shape.position_angle_deg
    waves = WaveNumbers(*_wave_planes())
    if shape.bar_fraction and shape.disk_axis_ratio > 0.4:
        half_length = 0.75 * shape.disk_r_arcsec
        thickness = 0.33 + 0.3 * (1 - shape.disk_axis_ratio)
        bar_transform = bar(waves, half_length, thickness, major_deg + shape.bar_angle_deg)
        disk = (1 - shape.bar_fraction) * disk + shape.bar_fraction * bar_transform
    if shape.ring_fraction:
        radius = 1.3 * shape.disk_r_arcsec
        ring_transform = ring(waves, radius, shape.disk_axis_ratio, major_deg)
        disk = (1 - shape.ring_fraction) * disk + shape.ring_fraction * ring_transform
        young = (1 - shape.ring_fraction) * young + shape.ring_fraction * ring_transform
    return [bulge, np.asarray(disk, dtype=np.complex64), np.asarray(young, dtype=np.complex64)]


def _add_companion(
    parts: list[Complex64Array], shape: Shape, rng: np.random.Generator
) -> list[Complex64Array]:
    """Transforms of the components after each gave a share of its light to a merging companion.

    The companion thus has the same stellar populations as the galaxy.
    """
    if not shape.companion_fraction:
        return parts
    radius = max(shape.disk_r_arcsec, shape.bulge_r_arcsec)
    other = companion(
        WaveNumbers(*_wave_planes()),
        0.35 * radius,
        float(radius * rng.uniform(1.0, 2.2)),
        float(rng.uniform(0, 360)),
    )
    share = shape.companion_fraction
    return [np.asarray((1 - share) * part + share * other, np.complex64) for part in parts]


def point_source(offset_arcsec: tuple[float, float] = (0.0, 0.0)) -> Complex64Array:
    """Fourier transform (256, 129) of a star of flux one, offset (right, up) from the centre."""
    kx, ky = _wave_numbers()
    right = np.exp(-1j * kx * offset_arcsec[0]).astype(np.complex64)
    up = np.exp(-1j * ky * offset_arcsec[1]).astype(np.complex64)
    return np.asarray(up[:, None] * right[None, :])


def exponential_disk(size_arcsec: float, axis_ratio: float, angle_deg: float) -> Float32Array:
    """Fourier transform (256, 129) of an inclined exponential disk of flux one.

    `size_arcsec` is the scale length of the disk along its major axis.
    """
    k = WaveNumbers(*_wave_planes()).elliptical_radius(size_arcsec, axis_ratio, angle_deg)
    return np.asarray((1 + k**2) ** -1.5, dtype=np.float32)


def quick_exponential_disk(size_arcsec: float, axis_ratio: float, angle_deg: float) -> Float32Array:
    """The transform of `exponential_disk` to rounding errors, in a fifth of its time."""
    kx, ky = _wave_planes()
    angle = np.deg2rad(angle_deg)
    cos, sin = np.float32(np.cos(angle) * size_arcsec), np.float32(np.sin(angle) * size_arcsec)
    along = kx * cos + ky * sin
    across = ky * (cos * np.float32(axis_ratio)) - kx * (sin * np.float32(axis_ratio))
    along *= along
    across *= across
    along += across
    along += 1
    np.multiply(along, np.sqrt(along), out=along)
    return np.asarray(np.reciprocal(along, out=along), dtype=np.float32)


def psf_transform(fwhm_arcsec: float, beta: float) -> Float32Array:
    """Fourier transform (256, 129) of a Moffat PSF convolved with a pixel.

    GalSim needs milliseconds for a Moffat profile. The shape depends on `beta` alone, so it is
    scaled from a cached table for each `beta`, which should be one of a few values.
    """
    reach, values = _moffat(beta)
    return np.asarray(np.interp(_radius() * fwhm_arcsec, reach, values), np.float32) * _pixel()


def render_image(
    transforms: Sequence[Complex64Array],
    fluxes: Float32Array,
    psf: Float32Array | Complex64Array,
) -> Float32Array:
    """Image (152, 152) of components convolved with the PSF, in the units of `fluxes` per pixel.

    A PSF that is multiplied by `point_source(offset)` moves the image by the offset.
    """
    total = fluxes[0] * transforms[0]
    for flux, transform in zip(fluxes[1:], transforms[1:], strict=True):
        total += np.float32(flux) * transform
    plane = np.fft.irfft2(total * psf * _half_pixel(), s=(_FIELD, _FIELD))
    low = (_FIELD - SIZE_PIXELS) // 2
    return np.asarray(plane[low : low + SIZE_PIXELS, low : low + SIZE_PIXELS], dtype=np.float32)


def fibre_fraction(
    transform: Complex64Array,
    psf: Float32Array,
    diameter_arcsec: float = FIBRE_DIAMETER_ARCSEC,
) -> float:
    """Share of a component's light, after the PSF, in a centred fibre.

    The diameter of the fibre should be one of a few values, because a table is kept for each. A
    transform that is multiplied by `point_source(offset)` gives the share in a fibre that misses
    the centre.
    """
    return float(np.sum(transform.real * psf * _aperture(diameter_arcsec)))


def _circular(semi_major_arcsec: float, axis_ratio: float) -> float:
    """Radius in arcsec of the circle with the area of an ellipse, as GalSim's shear keeps areas."""
    return float(semi_major_arcsec * np.sqrt(axis_ratio))


def _transform(profile: Any) -> Complex64Array:
    galsim = import_optional("galsim")
    half = _FIELD // 2
    bounds = galsim.BoundsI(0, half, -half, half - 1)
    step = 2 * np.pi / (_FIELD * PIXEL_SCALE_ARCSEC)
    image = galsim.ImageCF(bounds, scale=step)
    profile.drawKImage(image=image, recenter=False)
    return np.asarray(np.fft.ifftshift(image.array, axes=0))


@functools.cache
def _wave_numbers() -> tuple[Float32Array, Float32Array]:
    radians = 2 * np.pi / PIXEL_SCALE_ARCSEC
    kx, ky = np.fft.rfftfreq(_FIELD) * radians, np.fft.fftfreq(_FIELD) * radians
    return kx.astype(np.float32), ky.astype(np.float32)


@functools.cache
def _wave_planes() -> tuple[Float32Array, Float32Array]:
    """Wave numbers along x (to the right), (1, 129), and along y (up), (256, 1)."""
    kx, ky = _wave_numbers()
    return kx[None, :], ky[:, None]


@functools.cache
def _moffat(beta: float) -> tuple[Float64Array, Float64Array]:
    """Table of wave numbers and of the Fourier transform of a Moffat profile of FWHM one."""
    profile = import_optional("galsim").Moffat(beta, fwhm=1.0)
    reach = np.linspace(0.0, 40.0, 1601)
    return reach, np.array([profile.kValue(k, 0.0).real for k in reach])


@functools.cache
def _radius() -> Float32Array:
    kx, ky = _wave_numbers()
    return np.asarray(np.hypot(ky[:, None], kx[None, :]))


@functools.cache
def _half_pixel() -> Complex64Array:
    """Factor (256, 129) that moves the origin to the middle of the field, between its pixels."""
    shift = (_FIELD - 1) / 2 * PIXEL_SCALE_ARCSEC
    kx, ky = (k.astype(np.float64) for k in _wave_numbers())
    return np.asarray(np.exp(-1j * shift * (ky[:, None] + kx[None, :])), dtype=np.complex64)


@functools.cache
def _pixel() -> Float32Array:
    kx, ky = (np.sinc(k * PIXEL_SCALE_ARCSEC / (2 * np.pi)) for k in _wave_numbers())
    return np.asarray(ky[:, None] * kx[None, :], dtype=np.float32)


@functools.cache
def _aperture(diameter_arcsec: float) -> Float32Array:
    """Fourier transform (256, 129) of the fibre's aperture, weighted for a sum over the half plane.

    A real transform holds half of the plane of wave numbers; the weights count the other half.
    """
    galsim = import_optional("galsim")
    disk = _transform(galsim.TopHat(diameter_arcsec / 2)).real
    area = np.pi * (diameter_arcsec / 2 / PIXEL_SCALE_ARCSEC) ** 2
    weights = np.full(disk.shape, 2.0)
    weights[:, [0, -1]] = 1.0
    return np.asarray(disk * weights * area / _FIELD**2, dtype=np.float32)
