"""Spectral energy distributions of quasars and stars, as simple parametric models.

They show an encoder that such objects exist, and are not meant for the study of quasars or stars.

A quasar is a power law with broad lines: the slopes and equivalent widths of the composite spectrum
of Vanden Berk et al. 2001 (AJ 122, 549), with scatter, dust of the Small Magellanic Cloud's kind,
and the mean absorption by intergalactic hydrogen. A star is a black body with the strongest
absorption lines and bands of its temperature.
"""

import functools

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.core.spectrum import SPEED_OF_LIGHT_KM_S
from galsearch.simulate.population.scaling_relations import Galaxy
from galsearch.simulate.population.wide_samples import QUASAR
from galsearch.simulate.sed.galaxy_sed import GalaxySED, milky_way_dust
from galsearch.simulate.sed.photometry import continuum_fluxes
from galsearch.simulate.sed.stellar_grid import STEP_KM_S

_OBSERVED_RANGE_ANGSTROM = (3300.0, 11000.0)
_QUASAR_LINES = (
    (1025.7, 9.8, 4500), (1215.67, 92.0, 4500), (1240.1, 10.0, 3500), (1399.8, 8.1, 4500),
    (1549.1, 23.8, 4500), (1857.0, 3.0, 3500), (1908.7, 21.2, 5500), (2798.8, 32.3, 3500),
    (3728.5, 1.6, 400), (3869.8, 1.4, 450), (4102.9, 5.1, 3000), (4341.7, 12.6, 3000),
    (4862.7, 46.2, 3300), (4960.3, 3.5, 450), (5008.2, 13.2, 450), (5877.0, 4.9, 3000),
    (6564.6, 195.0, 3000), (6732.0, 3.0, 500),
)  # fmt: skip
"""Vacuum wavelength in Angstrom, equivalent width in Angstrom and FWHM in km/s of the lines of a
quasar."""
_BALMER_ANGSTROM = (3890.2, 3971.2, 4102.9, 4341.7, 4862.7, 6564.6)
_METAL_LINES = (
    (3934.8, 9.0, 7.0), (3969.6, 9.0, 7.0), (4304.0, 9.0, 5.0), (5176.0, 9.0, 4.0),
    (5268.0, 6.0, 2.0), (5893.0, 5.0, 2.0), (8500.4, 3.0, 1.5), (8544.4, 4.0, 3.0),
    (8664.5, 4.0, 2.5),
)  # fmt: skip
"""Vacuum wavelength, Gaussian sigma and equivalent width, in Angstrom, of lines at 5000 K."""
_TIO_HEADS_ANGSTROM = (4762.0, 4955.0, 5449.0, 5848.0, 6160.0, 6653.0, 7055.0, 7590.0, 8434.0)
"""Wavelengths from which the bands of titanium oxide reach 150 Angstrom to the red."""


def point_source_sed(
    source: Galaxy, ebv: float, rng: np.random.Generator, hemisphere: str = "south"
) -> GalaxySED:
    """Random spectral energy distribution of a quasar or star, scaled to its r magnitude.

    All light is that of the component `bulge`, which has no extent.

    Parameters
    ----------
    source
        Redshift and magnitude, from `draw_point_source`.
    ebv
        Reddening E(B-V) by the Milky Way.
    rng
        Generator of the slope and the lines.
    hemisphere : "south" or "north"
        Imaging survey whose filters define the band fluxes.
    """
    wavelength, z = _grid(), source.target.z
    rest = wavelength / (1 + z)
    model = _quasar(rest, z, rng) if source.target.sample == QUASAR else _star(rest, rng)
    continuum = np.zeros((3, wavelength.size), np.float32)
    continuum[0] = model / model.max()
    flux = continuum_fluxes(wavelength, continuum[:1])[0] * 1e-17
    scale = 10 ** (-0.4 * (source.target.mag_r - 22.5)) / flux[1]
    continuum[0] *= (scale * milky_way_dust(wavelength, ebv)).astype(np.float32)
    bands = np.zeros((4, 3))
    bands[:3] = continuum_fluxes(wavelength, continuum, hemisphere) * 1e-17
    none = np.zeros(1)
    return GalaxySED(
        wavelength, continuum, np.array([5008.24 * (1 + z)]), none, none, bands,
        np.nan, np.nan, np.nan, np.nan,
    )  # fmt: skip


@functools.cache
def _grid() -> Float64Array:
    """Observed wavelengths in Angstrom in the velocity steps of the stellar grid."""
    low, high = np.log(_OBSERVED_RANGE_ANGSTROM)
    return np.asarray(np.exp(np.arange(low, high, np.log1p(STEP_KM_S / SPEED_OF_LIGHT_KM_S))))


def _quasar(rest: Float64Array, z: float, rng: np.random.Generator) -> Float64Array:
    """Flux density of a quasar at rest wavelengths in Angstrom, in any unit."""
    slope = rng.normal(-1.54, 0.25)
    flux = np.where(rest < 4661, (rest / 4661) ** slope, (rest / 4661) ** (slope + 1.96))
    flux = flux * (1 + rng.uniform(0.1, 0.4) * np.exp(-0.5 * ((rest - 2900) / 550) ** 2))
    strength, width = np.exp(rng.normal(0, 0.35)), np.exp(rng.normal(0, 0.25))
    lines = np.zeros_like(flux)
    for centre, equivalent_width, fwhm in _QUASAR_LINES:
        sigma = centre * fwhm * width / SPEED_OF_LIGHT_KM_S / 2.355
        area = equivalent_width * strength * np.exp(rng.normal(0, 0.2))
        profile = np.exp(-0.5 * ((rest - centre) / sigma) ** 2)
        lines += area / (np.sqrt(2 * np.pi) * sigma) * profile
    flux = flux * (1 + lines)
    flux = flux * 10 ** (-0.4 * rng.exponential(0.03) * 1.39 * (rest / 1e4) ** -1.2)
    absorber_z = rest * (1 + z) / 1215.67 - 1
    depth = 0.0023 * np.clip(1 + absorber_z, 0, None) ** 3.65
    return np.asarray(flux * np.where(rest < 1215.67, np.exp(-depth), 1.0))


def _star(rest: Float64Array, rng: np.random.Generator) -> Float64Array:
    """Flux density of a star at wavelengths in Angstrom, in any unit."""
    kelvin = float(np.exp(rng.uniform(np.log(3000.0), np.log(11000.0))))
    flux = rest**-5.0 / np.expm1(1.4388e8 / (rest * kelvin))
    absorbed = np.zeros_like(flux)
    hydrogen = 14.0 * np.exp(-0.5 * (np.log(kelvin / 9000.0) / 0.28) ** 2)
    for centre in _BALMER_ANGSTROM:
        absorbed += hydrogen / (9.0 * 2.507) * np.exp(-0.5 * ((rest - centre) / 9.0) ** 2)
    metals = np.clip((7500.0 - kelvin) / 2500.0, 0, 1.5) * np.exp(rng.normal(0, 0.25))
    for centre, sigma, width in _METAL_LINES:
        absorbed += metals * width / (sigma * 2.507) * np.exp(-0.5 * ((rest - centre) / sigma) ** 2)
    # Lines too weak to be listed dim the blue of cool stars.
    absorbed += 0.25 * metals * np.clip((4500.0 - rest) / 800.0, 0, 1)
    oxide = np.clip((4100.0 - kelvin) / 900.0, 0, 1)
    for head in _TIO_HEADS_ANGSTROM:
        absorbed += 0.9 * oxide * np.clip(1 - (rest - head) / 150.0, 0, 1) * (rest >= head)
    return np.asarray(flux * np.exp(-absorbed))
