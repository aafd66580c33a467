"""Galaxies of one HEALPix pixel of a simulated survey, simulated and written to files.

The galaxies of one pixel are a chunk. They depend on the seed, the number of the chunk and its
number of galaxies alone, not on the process that makes them.
"""

from pathlib import Path

import numpy as np

from galsearch.core.arrays import Complex64Array, Float32Array, Float64Array
from galsearch.core.cutout import Cutout
from galsearch.core.target_id import TargetId
from galsearch.simulate.imaging.exposure import draw_seeing, observe_image
from galsearch.simulate.imaging.render_galaxy import (
    PIXEL_SCALE_ARCSEC,
    component_transforms,
    fibre_fraction,
    point_source,
    psf_transform,
)
from galsearch.simulate.population.scaling_relations import Galaxy
from galsearch.simulate.sed.galaxy_sed import GalaxySED, galaxy_seds
from galsearch.simulate.sed.stellar_grid import load_stellar_library
from galsearch.simulate.spectroscopy.fibre_flux import fibre_spectrum
from galsearch.simulate.spectroscopy.spectrograph import (
    Exposure,
    ObservedSpectrum,
    observe_spectrum,
)
from galsearch.simulate.survey.colour_matching import draw_matched_galaxy
from galsearch.simulate.survey.footprint import (
    GALAXIES_PER_CHUNK,
    Chunk,
    random_positions,
    target_ids,
    truth_path,
)
from galsearch.simulate.survey.record import ObservedGalaxy
from galsearch.simulate.survey.truth import truth_row
from galsearch.simulate.survey.writers import write_redshifts, write_spectra, write_truth_table
from galsearch.sources import write_cutout

# Each galaxy has independent streams of random numbers, so that its image and its spectrum have
# nothing in common but the physical properties.
_PHYSICS, SHAPE, _SKY, CAMERA, SPECTROGRAPH = range(5)
_WHOLE_CHUNK = 1_000_000
_FIBRE_MOFFAT_BETA = 3.5


def make_chunk(out: Path, seed: int, chunk: Chunk, hemisphere: str = "south") -> None:
    """Simulate the galaxies of a chunk; write cutouts, coadd, redrock file and, last, truth file.

    Raises
    ------
    MissingExtraError
        Where Bagpipes, GalSim or speclite is not installed.
    """
    rng = np.random.default_rng([seed, 2, chunk.number, _WHOLE_CHUNK])
    ra, dec = random_positions(chunk.pixel, GALAXIES_PER_CHUNK, rng)
    ra, dec = ra[: chunk.n], dec[: chunk.n]
    first = 1 + chunk.number * GALAXIES_PER_CHUNK
    ids = target_ids(ra, dec, first_object=first, hemisphere=hemisphere)
    galaxies, seds, ebv = chunk_galaxies(seed, chunk, rng, hemisphere)
    observed = []
    for row, (galaxy, sed) in enumerate(zip(galaxies, seds, strict=True)):
        streams = [random_stream(seed, chunk, row, stream) for stream in range(5)]
        image, record = observe_galaxy(galaxy, sed, ebv[row], streams, hemisphere)
        cutout = Cutout(image, ("g", "r", "z"), PIXEL_SCALE_ARCSEC, ra[row], dec[row])
        path = out / "cutouts" / str(chunk.pixel) / f"cutout-{ids[row]}.fits"
        write_cutout(path, cutout, target_id=TargetId(int(ids[row])))
        observed.append(record)
    other_ids = write_spectra(out, chunk.pixel, ids, ra, dec, observed, rng, hemisphere=hemisphere)
    write_redshifts(out, chunk.pixel, ids, other_ids, observed, rng)
    write_truth_table(truth_path(out, chunk), ids, [record.truth for record in observed])


def chunk_galaxies(
    seed: int, chunk: Chunk, rng: np.random.Generator, hemisphere: str = "south"
) -> tuple[list[Galaxy], list[GalaxySED], list[float]]:
    """The galaxies of a chunk as they are, before they are observed.

    They are their physical properties, their spectral energy distributions and their reddening
    E(B-V).

    Parameters
    ----------
    seed
        Seed of the survey.
    chunk
        Number and size of the chunk.
    rng
        Generator of the chunk, from which positions have been drawn.
    hemisphere : "south" or "north"
        Imaging survey, whose filters the band fluxes are of.
    """
    library = load_stellar_library()
    galaxies = [
        draw_matched_galaxy(library, random_stream(seed, chunk, row, _PHYSICS))
        for row in range(chunk.n)
    ]
    ebv = _reddening(seed, chunk, rng)
    return galaxies, galaxy_seds(galaxies, library, ebv=ebv, hemisphere=hemisphere), ebv


def random_stream(seed: int, chunk: Chunk, row: int, stream: int) -> np.random.Generator:
    """Generator of random numbers for one purpose (`stream`) and one galaxy (`row`) of a chunk."""
    return np.random.default_rng([seed, 2, chunk.number, row, stream])


def _reddening(seed: int, chunk: Chunk, rng: np.random.Generator) -> list[float]:
    """Random E(B-V) of the Milky Way for each galaxy of a chunk.

    It is one value for the HEALPix pixel, with 8 per cent of scatter within the pixel.
    """
    pixel = np.exp(rng.normal(-3.3, 0.6))
    return [
        float(pixel * np.exp(random_stream(seed, chunk, row, _SKY).normal(0, 0.08)))
        for row in range(chunk.n)
    ]


def observe_galaxy(
    galaxy: Galaxy,
    sed: GalaxySED,
    ebv: float,
    streams: list[np.random.Generator],
    hemisphere: str = "south",
) -> tuple[Float32Array, ObservedGalaxy]:
    """Image (3, 152, 152) of a galaxy in nanomaggies per pixel, its spectrum and its truth.

    Parameters
    ----------
    galaxy
        Physical properties of the galaxy.
    sed
        Spectral energy distribution of the galaxy.
    ebv
        Reddening E(B-V) by the Milky Way.
    streams
        Independent random generators for physics, shape, sky, camera and spectrograph.
    hemisphere : "south" or "north"
        Imaging survey.
    """
    transforms = component_transforms(galaxy.shape, streams[SHAPE])
    image = take_image(sed, transforms, streams[CAMERA], hemisphere)
    exposure = draw_exposure(galaxy, streams[SPECTROGRAPH])
    spectrum, fractions = take_spectrum(galaxy, sed, transforms, exposure, streams[SPECTROGRAPH])
    within = fractions @ sed.band_flux
    truth = truth_row(galaxy, sed, spectrum, ebv)
    fibre_flux = (float(within[0]), float(within[1]), float(within[2]))
    return image, ObservedGalaxy(galaxy, sed, spectrum, exposure, ebv, fibre_flux, truth)


def take_image(
    sed: GalaxySED,
    transforms: list[Complex64Array],
    rng: np.random.Generator,
    hemisphere: str = "south",
) -> Float32Array:
    """Image (3, 152, 152) of a galaxy in nanomaggies per pixel, in random seeing.

    Parameters
    ----------
    sed
        Spectral energy distribution of the galaxy.
    transforms
        Fourier transforms of its components, from `component_transforms`.
    rng
        Generator of the seeing, the neighbours and the noise.
    hemisphere : "south" or "north"
        Imaging survey.
    """
    seeing = draw_seeing(rng, hemisphere)
    psfs = [psf_transform(fwhm, seeing.beta) for fwhm in seeing.fwhm_arcsec]
    return observe_image(sed, transforms, psfs, rng, hemisphere)


def take_spectrum(
    galaxy: Galaxy,
    sed: GalaxySED,
    transforms: list[Complex64Array],
    exposure: Exposure,
    rng: np.random.Generator,
) -> tuple[ObservedSpectrum, Float64Array]:
    """Spectrum of a galaxy, and the share of the light of each component within the fibre.

    Parameters
    ----------
    galaxy
        Physical properties of the galaxy.
    sed
        Spectral energy distribution of the galaxy.
    transforms
        Fourier transforms of its components, from `component_transforms`.
    exposure
        Conditions under which the spectrum is taken.
    rng
        Generator of the noise.
    """
    fibre_psf = psf_transform(exposure.seeing_arcsec, _FIBRE_MOFFAT_BETA)
    fractions = [fibre_fraction(part, fibre_psf) for part in (*transforms, point_source())]
    flux = fibre_spectrum(
        sed,
        fractions,
        sigma_bulge_km_s=galaxy.sigma_bulge_km_s,
        sigma_disk_km_s=galaxy.sigma_disk_km_s,
    )
    return observe_spectrum(flux, exposure, rng), np.asarray(fractions)


def draw_exposure(galaxy: Galaxy, rng: np.random.Generator) -> Exposure:
    """Random conditions of an exposure: 180 s for bright targets, 1000 s for faint ones.

    Bright targets (BGS) are observed in moonlight, faint ones (LRG and ELG) in the dark. These
    effective times are the goals of the programmes (Schlafly et al. 2023, AJ 166, 259). The
    ratio of recorded flux to fibre flux is 1.3 with 12 per cent of scatter: real EDR spectra lie at
    1.0 to 2.1 times FIBERFLUX, mostly at 1.2 to 1.5.
    """
    dark = galaxy.target.sample in ("LRG", "ELG")
    nominal = 1000.0 if dark else 180.0
    return Exposure(
        effective_seconds=float(nominal * np.exp(rng.normal(0.1, 0.2))),
        calibration=float(1.3 * np.exp(rng.normal(0, 0.12))),
        tilt=float(rng.normal(0, 0.03)),
        seeing_arcsec=float(1.1 * np.exp(rng.normal(0, 0.12))),
        sky_brightness=1.0 if dark else 2.5,
        noise_tilt=float(rng.normal(0.95, 0.3)),
        # A third of 50 real EDR spectra have no masked pixel; the others vary by a factor of two.
        masked=float((rng.random() > 0.33) * np.exp(rng.normal(0, 0.6))),
        # Half of the faint spectra show steps of a few per cent where arms join, and residuals of
        # one or two per cent of the sky (Guy et al. 2023, AJ 165, 144, find 1 per cent in the mean
        # of many).
        arm_calibration=_triple(1 + rng.normal(0, 0.025, 3)),
        sky_residual=_triple(rng.normal(0, 0.012, 3)),
        residual=float(np.exp(rng.normal(-0.15, 0.5))),
    )


def _triple(values: Float64Array) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
