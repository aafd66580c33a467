"""Images of galaxies through GalSim: profiles and PSF as Fourier transforms, multiplied and summed.

Every component is drawn once and serves all bands; the light in a fibre's aperture is the product
with the aperture's own transform, so that spectrum and image see the same convolved light.
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.simulate.imaging import bars_rings as structures
from galsearch.simulate.imaging.spiral_arms import young_stars
from galsearch.simulate.optional_imports import load_extra
from galsearch.simulate.population.morphology import Shape

PIXEL_SCALE_ARCSEC = 0.262
SIZE_PIXELS = 152
_FIELD = 256
"""Pixels of the periodic field that is transformed; the cutout is its middle."""
FIBRE_DIAMETER_ARCSEC = 1.5

Transform = npt.NDArray[np.complex64]


def component_transforms(shape: Shape, rng: np.random.Generator) -> list[Transform]:
    """Transforms (256, 129) of bulge, disk and young stars, each of flux one.

    Bars, rings and companions are part of them.
    """
    galsim = load_extra("galsim")
    # GalSim's x runs west on the sky (column 0 is east), so a position angle is 90 deg + east.
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
        return _merged([*parts, smooth], shape, rng)
    pattern = young_stars(shape, rng, n_pixels=_FIELD, pixel_scale_arcsec=PIXEL_SCALE_ARCSEC)
    waves, knots = (np.fft.rfft2(plane) * np.conj(_half_pixel()) for plane in pattern)
    if shape.n_arms:
        parts[1] = np.asarray(0.7 * smooth + 0.3 * waves, dtype=np.complex64)
    young = shape.clumpiness * knots + (1 - shape.clumpiness) * (waves if shape.n_arms else smooth)
    parts = _structured([*parts, np.asarray(young, dtype=np.complex64)], shape)
    return _merged(parts, shape, rng)


def _structured(parts: list[Transform], shape: Shape) -> list[Transform]:
    """Bulge, disk and young stars, the disk with its bar, disk and young stars with their ring."""
    bulge, disk, young = parts
    major_deg = 90.0 + shape.position_angle_deg
    waves = structures.Waves(*_wave_planes())
    if shape.bar_share and shape.disk_axis_ratio > 0.4:
        half_length = 0.75 * shape.disk_r_arcsec
        thickness = 0.33 + 0.3 * (1 - shape.disk_axis_ratio)
        bar = structures.bar(waves, half_length, thickness, major_deg + shape.bar_angle_deg)
        disk = (1 - shape.bar_share) * disk + shape.bar_share * bar
    if shape.ring_share:
        radius = 1.3 * shape.disk_r_arcsec
        ring = structures.ring(waves, radius, shape.disk_axis_ratio, major_deg)
        disk = (1 - shape.ring_share) * disk + shape.ring_share * ring
        young = (1 - shape.ring_share) * young + shape.ring_share * ring
    return [bulge, np.asarray(disk, dtype=np.complex64), np.asarray(young, dtype=np.complex64)]


def _merged(parts: list[Transform], shape: Shape, rng: np.random.Generator) -> list[Transform]:
    """Every component with its share in the companion, whose stars are thus of the same kinds."""
    if not shape.companion_share:
        return parts
    radius = max(shape.disk_r_arcsec, shape.bulge_r_arcsec)
    other = structures.companion(
        structures.Waves(*_wave_planes()),
        0.35 * radius,
        float(radius * rng.uniform(1.0, 2.2)),
        float(rng.uniform(0, 360)),
    )
    share = shape.companion_share
    return [np.asarray((1 - share) * part + share * other, np.complex64) for part in parts]


def point_source(offset_arcsec: tuple[float, float] = (0.0, 0.0)) -> Transform:
    """Transform of a star of flux one, `offset_arcsec` to the right and up of the centre."""
    kx, ky = _wave_numbers()
    right = np.exp(-1j * kx * offset_arcsec[0]).astype(np.complex64)
    up = np.exp(-1j * ky * offset_arcsec[1]).astype(np.complex64)
    return np.asarray(up[:, None] * right[None, :])


def blur(size_arcsec: float, axis_ratio: float, angle_deg: float) -> npt.NDArray[np.float32]:
    """Transform of an exponential disk of this scale length, flux one, seen inclined."""
    k = structures.Waves(*_wave_planes()).stretched(size_arcsec, axis_ratio, angle_deg)
    return np.asarray((1 + k**2) ** -1.5, dtype=np.float32)


def psf_transform(fwhm_arcsec: float, beta: float) -> npt.NDArray[np.float32]:
    """Transform (256, 129) of a Moffat PSF and of the pixel it falls on.

    GalSim needs milliseconds for each Moffat, whose shape is one of `beta` alone: it is looked up
    in a table of `beta`, so `beta` should be one of a few values.
    """
    reach, values = _moffat(beta)
    return np.asarray(np.interp(_radius() * fwhm_arcsec, reach, values), np.float32) * _pixel()


def render(
    transforms: Sequence[Transform],
    fluxes: npt.NDArray[np.float32],
    psf: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """(152, 152) nanomaggies per pixel: components of these fluxes, seen through the PSF."""
    total = fluxes[0] * transforms[0]
    for flux, transform in zip(fluxes[1:], transforms[1:], strict=True):
        total += np.float32(flux) * transform
    plane = np.fft.irfft2(total * psf * _half_pixel(), s=(_FIELD, _FIELD))
    low = (_FIELD - SIZE_PIXELS) // 2
    return np.asarray(plane[low : low + SIZE_PIXELS, low : low + SIZE_PIXELS], dtype=np.float32)


def fibre_share(transform: Transform, psf: npt.NDArray[np.float32]) -> float:
    """Share of a component's light, seen through the PSF, in a 1.5 arcsec fibre on its centre."""
    return float(np.sum(transform.real * psf * _aperture()))


def _circular(semi_major_arcsec: float, axis_ratio: float) -> float:
    """GalSim's shear keeps the area: the circle that becomes this ellipse."""
    return float(semi_major_arcsec * np.sqrt(axis_ratio))


def _transform(profile: Any) -> Transform:
    galsim = load_extra("galsim")
    half = _FIELD // 2
    bounds = galsim.BoundsI(0, half, -half, half - 1)
    step = 2 * np.pi / (_FIELD * PIXEL_SCALE_ARCSEC)
    image = galsim.ImageCF(bounds, scale=step)
    profile.drawKImage(image=image, recenter=False)
    return np.asarray(np.fft.ifftshift(image.array, axes=0))


@functools.cache
def _wave_numbers() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    radians = 2 * np.pi / PIXEL_SCALE_ARCSEC
    kx, ky = np.fft.rfftfreq(_FIELD) * radians, np.fft.fftfreq(_FIELD) * radians
    return kx.astype(np.float32), ky.astype(np.float32)


@functools.cache
def _wave_planes() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(1, 129) across and (256, 1) up."""
    kx, ky = _wave_numbers()
    return kx[None, :], ky[:, None]


@functools.cache
def _moffat(beta: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """GalSim's transform of a Moffat of FWHM one, along a line to which others are scaled."""
    profile = load_extra("galsim").Moffat(beta, fwhm=1.0)
    reach = np.linspace(0.0, 40.0, 1601)
    return reach, np.array([profile.kValue(k, 0.0).real for k in reach])


@functools.cache
def _radius() -> npt.NDArray[np.float32]:
    kx, ky = _wave_numbers()
    return np.asarray(np.hypot(ky[:, None], kx[None, :]))


@functools.cache
def _half_pixel() -> Transform:
    """Moves the origin to the middle of the field, between its pixels."""
    shift = (_FIELD - 1) / 2 * PIXEL_SCALE_ARCSEC
    kx, ky = (k.astype(np.float64) for k in _wave_numbers())
    return np.asarray(np.exp(-1j * shift * (ky[:, None] + kx[None, :])), dtype=np.complex64)


@functools.cache
def _pixel() -> npt.NDArray[np.float32]:
    kx, ky = (np.sinc(k * PIXEL_SCALE_ARCSEC / (2 * np.pi)) for k in _wave_numbers())
    return np.asarray(ky[:, None] * kx[None, :], dtype=np.float32)


@functools.cache
def _aperture() -> npt.NDArray[np.float32]:
    """The fibre's transform with the weights of a sum over the whole plane, from the half plane."""
    galsim = load_extra("galsim")
    disk = _transform(galsim.TopHat(FIBRE_DIAMETER_ARCSEC / 2)).real
    area = np.pi * (FIBRE_DIAMETER_ARCSEC / 2 / PIXEL_SCALE_ARCSEC) ** 2
    weights = np.full(disk.shape, 2.0)
    weights[:, [0, -1]] = 1.0
    return np.asarray(disk * weights * area / _FIELD**2, dtype=np.float32)
