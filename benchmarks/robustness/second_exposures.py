"""Simulated galaxies of a survey that are observed again, under other conditions.

The galaxies of a survey's first chunks are made anew from its seed. Their shapes are the same, so
that only the telescope, the noise and the neighbours on the sky differ.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from galsearch.core.arrays import Complex64Array, Float32Array, Int64Array
from galsearch.core.errors import DatasetError
from galsearch.simulate.imaging.render_galaxy import component_transforms
from galsearch.simulate.population.scaling_relations import Galaxy
from galsearch.simulate.sed.galaxy_sed import GalaxySED
from galsearch.simulate.spectroscopy.arm_grid import arm_wavelengths
from galsearch.simulate.spectroscopy.spectrograph import Exposure, ObservedSpectrum
from galsearch.simulate.survey.chunk import (
    CAMERA,
    SHAPE,
    SPECTROGRAPH,
    chunk_galaxies,
    draw_exposure,
    random_stream,
    take_image,
    take_spectrum,
)
from galsearch.simulate.survey.footprint import (
    GALAXIES_PER_CHUNK,
    Chunk,
    chunk_pixels,
    random_positions,
    target_ids,
)
from galsearch.sources.desi.arms import clean_arm, join_arms

DEPTHS = (0.1, 0.3, 3.0, 10.0, 30.0)
"""Exposure times in units of the original one."""
_NEW = 10
"""Number that is added to a stream of random numbers for another exposure."""


@dataclass(frozen=True, eq=False)
class SecondExposures:
    """Galaxies of a survey that were observed again, in the order of their TARGETIDs."""

    target_ids: Int64Array
    """(n,) TARGETIDs of the galaxies in the survey."""
    images: dict[str, Float32Array]
    """(n, 3, 152, 152) new images in nanomaggies, by the name of the row in the table."""
    spectra: dict[str, tuple[Float32Array, Float32Array]]
    """New flux and inverse variance (n, 7781) on the DESI grid, by the name of the row."""


def observe_again(survey: Path, n: int) -> SecondExposures:
    """The first `n` galaxies of a survey in new exposures.

    Parameters
    ----------
    survey
        Directory that `galsearch simulate` wrote, of the south.
    n
        Number of galaxies, rounded up to whole chunks of 50.

    Raises
    ------
    DatasetError
        Where the survey is one of the north or smaller than `n`.
    """
    seed, chunks = _first_chunks(survey, n)
    ids = []
    images: dict[str, list[Float32Array]] = {}
    spectra: dict[str, list[ObservedSpectrum]] = {}
    for chunk in chunks:
        ids.append(_target_ids(seed, chunk))
        for row, (galaxy, south, north) in enumerate(_galaxies(seed, chunk)):
            parts = _transforms(seed, chunk, row, galaxy)
            for name, sed, hemisphere in (
                ("a new exposure", south, "south"),
                ("the northern cameras", north, "north"),
            ):
                rng = random_stream(seed, chunk, row, CAMERA + _NEW)
                images.setdefault(name, []).append(take_image(sed, parts, rng, hemisphere))
            for name, exposure in _exposures(seed, chunk, row, galaxy).items():
                rng = random_stream(seed, chunk, row, SPECTROGRAPH + 2 * _NEW)
                spectrum, _ = take_spectrum(galaxy, south, parts, exposure, rng)
                spectra.setdefault(name, []).append(spectrum)
    all_ids = np.concatenate(ids)
    order = np.argsort(all_ids)
    return SecondExposures(
        all_ids[order],
        {name: np.stack(parts)[order] for name, parts in images.items()},
        {
            name: (flux[order], ivar[order])
            for name, (flux, ivar) in ((name, _joined(parts)) for name, parts in spectra.items())
        },
    )


def first_galaxies(survey: Path, n: int) -> Int64Array:
    """TARGETIDs of the galaxies that `observe_again` would observe, in ascending order."""
    seed, chunks = _first_chunks(survey, n)
    return np.sort(np.concatenate([_target_ids(seed, chunk) for chunk in chunks]))


def _first_chunks(survey: Path, n: int) -> tuple[int, list[Chunk]]:
    """The seed of a survey and its first chunks, which hold at least `n` galaxies."""
    record = json.loads((survey / "simulation.json").read_text("utf-8"))
    seed, n_survey = int(record["seed"]), int(record["n"])
    if record["hemisphere"] != "south" or n_survey < n:
        raise DatasetError(
            f"{survey}: a survey of {n_survey} galaxies in the {record['hemisphere']}; second "
            f"exposures need one of the south with at least {n}."
        )
    pixels = chunk_pixels(seed, -(-n // GALAXIES_PER_CHUNK))
    sizes = [min(GALAXIES_PER_CHUNK, n_survey - i * GALAXIES_PER_CHUNK) for i in range(len(pixels))]
    return seed, [Chunk(i, int(pixel), sizes[i]) for i, pixel in enumerate(pixels)]


def _chunk_generator(seed: int, chunk: Chunk) -> np.random.Generator:
    """The generator of a chunk as the simulator seeds it, after `random_positions`."""
    rng = np.random.default_rng([seed, 2, chunk.number, 1_000_000])
    random_positions(chunk.pixel, GALAXIES_PER_CHUNK, rng)
    return rng


def _target_ids(seed: int, chunk: Chunk) -> Int64Array:
    rng = np.random.default_rng([seed, 2, chunk.number, 1_000_000])
    ra, dec = random_positions(chunk.pixel, GALAXIES_PER_CHUNK, rng)
    first = 1 + chunk.number * GALAXIES_PER_CHUNK
    return target_ids(ra[: chunk.n], dec[: chunk.n], first_object=first)


def _galaxies(seed: int, chunk: Chunk) -> Iterator[tuple[Galaxy, GalaxySED, GalaxySED]]:
    """Each galaxy of a chunk, with its fluxes through southern and through northern filters."""
    galaxies, south, _ = chunk_galaxies(seed, chunk, _chunk_generator(seed, chunk))
    _, north, _ = chunk_galaxies(seed, chunk, _chunk_generator(seed, chunk), "north")
    yield from zip(galaxies, south, north, strict=True)


def _transforms(seed: int, chunk: Chunk, row: int, galaxy: Galaxy) -> list[Complex64Array]:
    """The components of a galaxy with the same spiral arms, bar and ring as in the survey."""
    return component_transforms(galaxy.shape, random_stream(seed, chunk, row, SHAPE))


def _exposures(seed: int, chunk: Chunk, row: int, galaxy: Galaxy) -> dict[str, Exposure]:
    """Conditions of the new spectra by the name of the row in the table."""
    first = draw_exposure(galaxy, random_stream(seed, chunk, row, SPECTROGRAPH))
    is_dark = first.sky_brightness == 1.0
    swapped = replace(
        first,
        effective_seconds=first.effective_seconds * (0.18 if is_dark else 1 / 0.18),
        sky_brightness=2.5 if is_dark else 1.0,
    )
    return {
        "new noise": first,
        "a new exposure": draw_exposure(
            galaxy, random_stream(seed, chunk, row, SPECTROGRAPH + _NEW)
        ),
        "the other programme": swapped,
        **{
            f"exposure x {factor:g}": replace(
                first, effective_seconds=first.effective_seconds * factor
            )
            for factor in DEPTHS
        },
    }


def _joined(spectra: list[ObservedSpectrum]) -> tuple[Float32Array, Float32Array]:
    """Flux and inverse variance (n, 7781) of spectra on the DESI grid, as `ingest` joins arms."""
    arms = {}
    for arm, wavelength in arm_wavelengths().items():
        flux = np.stack([spectrum.flux[arm] for spectrum in spectra])
        ivar = np.stack([spectrum.ivar[arm] for spectrum in spectra])
        mask = np.stack([spectrum.mask[arm] for spectrum in spectra])
        arms[arm.upper()] = clean_arm(wavelength, flux, ivar, mask)
    return join_arms(arms, np.arange(len(spectra)), where="second exposures")
