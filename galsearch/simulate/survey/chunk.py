"""One chunk of a simulated survey: the galaxies of one HEALPix pixel, made and written.

A chunk is a pure function of (seed, number of the chunk, how many galaxies), whoever makes it.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from galsearch.core.cutout import Cutout
from galsearch.core.target_id import TargetId
from galsearch.simulate import spectroscopy as spectrograph
from galsearch.simulate.imaging import exposure as camera
from galsearch.simulate.imaging import render_galaxy as sky_image
from galsearch.simulate.population.scaling_relations import Galaxy
from galsearch.simulate.sed.galaxy_sed import Light, shine
from galsearch.simulate.sed.stellar_grid import load_library
from galsearch.simulate.spectroscopy import Exposure
from galsearch.simulate.survey.colour_matching import choose_galaxy
from galsearch.simulate.survey.footprint import (
    GALAXIES_PER_CHUNK,
    Chunk,
    random_positions,
    target_ids,
    truth_path,
)
from galsearch.simulate.survey.record import Observed
from galsearch.simulate.survey.truth import truth_row
from galsearch.simulate.survey.writers import write_redshifts, write_spectra, write_truth_table
from galsearch.sources import write_cutout

# Independent streams of random numbers: image and spectrum of a galaxy share physics alone.
_PHYSICS, _SHAPE, _SKY, _CAMERA, _SPECTROGRAPH = range(5)
_WHOLE_CHUNK = 1_000_000


def make_chunk(out: Path, seed: int, chunk: Chunk, hemisphere: str = "south") -> None:
    """Make a chunk's galaxies and write its cutouts, coadd, redrock and, last, truth file.

    Raises
    ------
    MissingExtraError
        Where Bagpipes, GalSim or speclite is not installed.
    """
    whole = np.random.default_rng([seed, 2, chunk.number, _WHOLE_CHUNK])
    ra, dec = random_positions(chunk.pixel, GALAXIES_PER_CHUNK, whole)
    ra, dec = ra[: chunk.n], dec[: chunk.n]
    first = 1 + chunk.number * GALAXIES_PER_CHUNK
    ids = target_ids(ra, dec, first_object=first, hemisphere=hemisphere)
    library = load_library()
    galaxies = [choose_galaxy(library, _stream(seed, chunk, j, _PHYSICS)) for j in range(chunk.n)]
    dusty = np.exp(whole.normal(-3.3, 0.6))
    ebv = [
        float(dusty * np.exp(_stream(seed, chunk, j, _SKY).normal(0, 0.08))) for j in range(chunk.n)
    ]
    lights = shine(galaxies, library, ebv=ebv, hemisphere=hemisphere)
    observed = []
    for j, (galaxy, light) in enumerate(zip(galaxies, lights, strict=True)):
        streams = [_stream(seed, chunk, j, s) for s in range(5)]
        pixels, one = observe_galaxy(galaxy, light, ebv[j], streams, hemisphere)
        cutout = Cutout(pixels, ("g", "r", "z"), sky_image.PIXEL_SCALE_ARCSEC, ra[j], dec[j])
        name = f"cutout-{ids[j]}.fits"
        path = out / "cutouts" / str(chunk.pixel) / name
        write_cutout(path, cutout, target_id=TargetId(int(ids[j])))
        observed.append(one)
    other_ids = write_spectra(
        out, chunk.pixel, ids, ra, dec, observed, whole, hemisphere=hemisphere
    )
    write_redshifts(out, chunk.pixel, ids, other_ids, observed, whole)
    write_truth_table(truth_path(out, chunk), ids, [one.truth for one in observed])


def _stream(seed: int, chunk: Chunk, row: int, stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, 2, chunk.number, row, stream])


def observe_galaxy(
    galaxy: Galaxy,
    light: Light,
    ebv: float,
    streams: list[np.random.Generator],
    hemisphere: str = "south",
) -> tuple[npt.NDArray[np.float32], Observed]:
    """The cutout of a galaxy and everything else about it, of five streams of random numbers."""
    transforms = sky_image.component_transforms(galaxy.shape, streams[_SHAPE])
    seeing = camera.draw_seeing(streams[_CAMERA], hemisphere)
    psfs = [sky_image.psf_transform(fwhm, seeing.beta) for fwhm in seeing.fwhm_arcsec]
    image = camera.photograph(light, transforms, psfs, streams[_CAMERA], hemisphere)
    nucleus = sky_image.point_source()
    exposure = _exposure(galaxy, streams[_SPECTROGRAPH])
    fibre_psf = sky_image.psf_transform(exposure.seeing_arcsec, 3.5)
    shares = [sky_image.fibre_share(part, fibre_psf) for part in (*transforms, nucleus)]
    flux = spectrograph.fibre_spectrum(
        light,
        shares,
        sigma_bulge_km_s=galaxy.sigma_bulge_km_s,
        sigma_disk_km_s=galaxy.sigma_disk_km_s,
    )
    recorded = spectrograph.observe(flux, exposure, streams[_SPECTROGRAPH])
    within = np.asarray(shares) @ light.band_flux
    truth = truth_row(galaxy, light, recorded, ebv)
    fibre_flux = (float(within[0]), float(within[1]), float(within[2]))
    return image, Observed(galaxy, light, recorded, exposure, ebv, fibre_flux, truth)


def _exposure(galaxy: Galaxy, rng: np.random.Generator) -> Exposure:
    """180 s of effective time for BGS under the moon, 1000 s for LRG and ELG in the dark.

    (Schlafly et al. 2023, AJ 166, 259, have these as the goals of the programmes.)

    Recorded over fibre flux is 1.3 with 12 per cent of scatter: real EDR rows lie at 1.0 to 2.1
    times FIBERFLUX, mostly 1.2 to 1.5.
    """
    dark = galaxy.draw.sample in ("LRG", "ELG")
    nominal = 1000.0 if dark else 180.0
    return Exposure(
        effective_seconds=float(nominal * np.exp(rng.normal(0.1, 0.2))),
        calibration=float(1.3 * np.exp(rng.normal(0, 0.12))),
        tilt=float(rng.normal(0, 0.03)),
        seeing_arcsec=float(1.1 * np.exp(rng.normal(0, 0.12))),
        sky_brightness=1.0 if dark else 2.5,
        noise_tilt=float(rng.normal(0.95, 0.3)),
        # A third of the EDR spectra at hand have no masked pixel; the others vary by two.
        masked=float((rng.random() > 0.33) * np.exp(rng.normal(0, 0.6))),
        # Steps of some per cent where arms join, and one or two per cent of the sky left, show
        # in half of the faint EDR spectra at hand (Guy et al. 2023, AJ 165, 144, find 1 per cent
        # in the mean of many).
        arm_calibration=_three(1 + rng.normal(0, 0.025, 3)),
        sky_left=_three(rng.normal(0, 0.012, 3)),
        residual=float(np.exp(rng.normal(-0.15, 0.5))),
    )


def _three(values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
