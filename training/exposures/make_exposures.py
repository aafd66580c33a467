"""Simulation of one chunk of exposures, in a worker process."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array
from galsearch.files.atomic import write_array
from galsearch.simulate.spectroscopy.arm_grid import arm_wavelengths
from galsearch.simulate.spectroscopy.spectrograph import ObservedSpectrum
from galsearch.simulate.survey.footprint import Chunk
from galsearch.simulate.survey.wide_exposures import (
    WideExposure,
    draw_hemisphere,
    draw_ordinary,
    draw_wide_objects,
    expose,
)
from galsearch.sources.desi.arms import clean_arm, join_arms
from training.exposures.exposure_record import (
    EXPOSURES,
    N_EXPOSURES,
    encode_images,
    encode_spectra,
    object_number,
)

OBJECTS_PER_CHUNK = 200


def chunk_path(out: Path, chunk: Chunk) -> Path:
    """Path of the file of a chunk, which exists where the chunk is finished."""
    return out / "chunks" / f"exposures-{chunk.number:05d}.npy"


def make_exposures(out: Path, seed: int, ordinary_share: float, chunk: Chunk) -> None:
    """Simulate the objects of a chunk with two exposures each, and write its file."""
    write_array(chunk_path(out, chunk), simulate_exposures(seed, chunk, ordinary_share))


def simulate_exposures(
    seed: int, chunk: Chunk, ordinary_share: float = 0.0
) -> npt.NDArray[np.void]:
    """Records (n,) of dtype `EXPOSURES`, which depend on the arguments alone.

    Parameters
    ----------
    seed, chunk
        Seed of the set, and the chunk.
    ordinary_share
        Share of the exposures that are taken in ordinary conditions.
    """
    records = np.zeros(chunk.n, EXPOSURES)
    records["target_id"] = object_number(chunk.number, range(chunk.n), OBJECTS_PER_CHUNK)
    for row, target in enumerate(draw_wide_objects(seed, chunk)):
        record = records[row]
        record["sample"] = target.galaxy.target.sample.encode()
        record["z"], record["mag_r"] = target.galaxy.target.z, target.galaxy.target.mag_r
        record["ebv"] = target.ebv
        exposures: list[WideExposure] = []
        for number in range(N_EXPOSURES):
            hemisphere = draw_hemisphere(seed, chunk, row, number)
            record["north"][number] = hemisphere == "north"
            ordinary = draw_ordinary(seed, chunk, row, number, ordinary_share)
            exposures.append(
                expose(seed, chunk, row, target, number, hemisphere, ordinary=ordinary)
            )
        images = np.stack([each.image for each in exposures])
        masks = np.stack([each.mask for each in exposures])
        record["image"], record["mask"] = encode_images(images, masks)
        record["spectrum"] = encode_spectra(*joined_spectra([e.spectrum for e in exposures]))
    return records


def joined_spectra(spectra: list[ObservedSpectrum]) -> tuple[Float32Array, Float32Array]:
    """Flux and inverse variance (n, 7781) of spectra on the DESI grid, as `ingest` joins arms."""
    arms = {}
    for arm, wavelength in arm_wavelengths().items():
        flux = np.stack([spectrum.flux[arm] for spectrum in spectra])
        ivar = np.stack([spectrum.ivar[arm] for spectrum in spectra])
        mask = np.stack([spectrum.mask[arm] for spectrum in spectra])
        arms[arm.upper()] = clean_arm(wavelength, flux, ivar, mask)
    return join_arms(arms, np.arange(len(spectra)), where="simulated exposures")
