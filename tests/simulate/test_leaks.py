"""Image and spectrum of one galaxy share its physics alone: a linear probe looks for more.

Images and spectra are made with the survey's own streams of random numbers, rows and order. Once
both see the same galaxy; once the spectrum sees another one in the place of the first. A linear
probe that predicts spectra from images must find the first and be blind to the second.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from galsearch.simulate.sed.galaxy_sed import galaxy_seds
from galsearch.simulate.sed.stellar_grid import StellarLibrary
from galsearch.simulate.spectroscopy.spectrograph import ObservedSpectrum
from galsearch.simulate.survey.chunk import observe_galaxy, random_stream
from galsearch.simulate.survey.colour_matching import draw_matched_galaxy
from galsearch.simulate.survey.footprint import Chunk

N = 150
_LIGHT, _PERMUTATIONS = 10, 300
"""Columns of a spectrum's numbers that are its light; how often chance is drawn."""


@dataclass(frozen=True, eq=False)
class Probed:
    """Summary numbers (N, n), row i of each made with row i's random numbers."""

    images: np.ndarray
    same: np.ndarray
    """Summary numbers of spectra of the galaxies in the images."""
    other: np.ndarray
    """Summary numbers of spectra of other galaxies."""


@pytest.fixture(scope="module")
def probed(library: StellarLibrary) -> Probed:
    galaxies = [draw_matched_galaxy(library, np.random.default_rng([77, i])) for i in range(2 * N)]
    seds = galaxy_seds(galaxies, library, ebv=[0.03] * len(galaxies))
    seen = []
    for i, (galaxy, sed) in enumerate(zip(galaxies, seds, strict=True)):
        row = i % N
        chunk = Chunk(row // 50, 1000 + row // 50, 50)
        pixels, one = observe_galaxy(galaxy, sed, 0.03, streams(chunk, row))
        seen.append((image_numbers(pixels, row), spectrum_numbers(one.spectrum)))
    images, spectra = (np.array([pair[side] for pair in seen]) for side in (0, 1))
    return Probed(images[:N], spectra[:N], spectra[N:])


def streams(chunk: Chunk, row: int) -> list[np.random.Generator]:
    return [random_stream(5, chunk, row % 50, stream) for stream in range(5)]


def image_numbers(pixels: np.ndarray, row: int) -> list[float]:
    """Light and colours in two apertures, then noise, a corner, and where in the order it comes."""
    y, x = np.mgrid[:152, :152] - 75.5
    radius = np.hypot(x, y)
    inner, outer = ((pixels * (radius < r)).sum(axis=(1, 2)) for r in (5, 15))
    light = np.arcsinh(np.concatenate([inner, outer]) * 10).tolist()
    step = np.diff(pixels[1, :30], axis=1)
    return [*light, float(np.log(step.std())), float(pixels[0, 0, 0]), row % 50, row]


def spectrum_numbers(recorded: ObservedSpectrum) -> list[float]:
    """Light in ten pieces of wavelength, then noise, first pixel and masked pixels."""
    flux = np.concatenate([recorded.flux[arm] for arm in "brz"])
    ivar = np.concatenate([recorded.ivar[arm] for arm in "brz"])
    light = [float(np.arcsinh(np.median(part) * 3)) for part in np.array_split(flux, 10)]
    quiet = ivar[ivar > 0].min() / np.median(ivar)
    return [
        *light,
        float(np.log(quiet)),
        float(flux[0] * np.sqrt(ivar[0])),
        float(np.log1p((ivar == 0).sum())),
    ]


def predicted(x: np.ndarray, y: np.ndarray) -> float:
    """Mean squared correlation of held-out columns of `y` with a ridge regression on `x`."""
    x, y = ((a - a.mean(axis=0)) / (a.std(axis=0) + 1e-12) for a in (x, y))
    train = np.arange(len(x)) % 2 == 0
    a = x[train].T @ x[train] + 10 * np.eye(x.shape[1])
    guess = x[~train] @ np.linalg.solve(a, x[train].T @ y[train])
    pairs = zip(guess.T, y[~train].T, strict=True)
    return float(np.mean([np.corrcoef(g, t)[0, 1] ** 2 for g, t in pairs]))


def chance_of(x: np.ndarray, y: np.ndarray) -> float:
    """Share of random pairings in which the probe does as well as in this one."""
    rng = np.random.default_rng(1)
    found = predicted(x, y)
    return float(np.mean([predicted(x, rng.permutation(y)) >= found for _ in range(_PERMUTATIONS)]))


def test_a_probe_finds_the_galaxy_that_image_and_spectrum_share(probed: Probed) -> None:
    assert predicted(probed.images, probed.same[:, :_LIGHT]) > 0.5
    assert chance_of(probed.images, probed.same) == 0


def test_with_another_galaxy_in_its_place_the_probe_is_at_chance(probed: Probed) -> None:
    assert predicted(probed.images, probed.other) < 0.05
    assert chance_of(probed.images, probed.other) > 0.01
    assert chance_of(probed.images, probed.other[:, _LIGHT:]) > 0.01


def test_the_probe_sees_one_number_that_leaks(probed: Probed) -> None:
    leak = np.random.default_rng(2).normal(size=N)
    images, spectra = probed.images.copy(), probed.other.copy()
    images[:, -4] += leak * images[:, -4].std()
    spectra[:, -1] += leak * spectra[:, -1].std()
    assert chance_of(images, spectra[:, _LIGHT:]) < 0.01
