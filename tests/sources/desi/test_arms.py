"""The three arms are combined as in desispec and as by a slow version."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import SourceError
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.sources.desi.arms import Arm, clean_arm, distinct_arms, join_arms

SPANS = {"B": (0, 12), "R": (8, 20), "Z": (17, 30)}


def combined_slowly(
    arms: dict[str, Arm], group: list[int]
) -> dict[tuple[int, int], tuple[float, float]]:
    """Flux and ivar of each (group, pixel), computed one measurement after the other."""
    seen: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for arm in arms.values():
        for row, target in enumerate(group):
            for column, wavelength in enumerate(arm.wavelength_angstrom):
                pixel = round((wavelength - 3600) / 0.8)
                measured = (float(arm.flux[row, column]), float(arm.ivar[row, column]))
                seen.setdefault((target, pixel), []).append(measured)
    joined = {}
    for key, values in seen.items():
        weight = sum(ivar for _, ivar in values)
        flux = sum(flux * ivar for flux, ivar in values) / weight if weight else 0.0
        joined[key] = (flux, weight)
    return joined


@given(st.integers(0, 10_000), st.lists(st.integers(0, 2), min_size=1, max_size=5))
def test_arms_and_exposures_are_combined_as_by_the_slow_version(
    seed: int, labels: list[int]
) -> None:
    group = np.unique(labels, return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    arms = {}
    for name, (start, stop) in SPANS.items():
        shape = (group.size, stop - start)
        arms[name] = clean_arm(
            DESI_WAVELENGTH_ANGSTROM[start:stop] + rng.uniform(-5e-10, 5e-10, stop - start),
            rng.choice([np.nan, -1.5, 0.25, 8.0], shape).astype(np.float32),
            rng.choice([0.0, 0.5, 3.0, np.inf], shape).astype(np.float32),
            rng.choice([0, 0, 0, 2], shape),
        )
    flux, ivar = join_arms(arms, group, where="test")
    assert flux.shape == ivar.shape == (group.max() + 1, 7781)
    slow = combined_slowly(arms, group.tolist())
    for (target, pixel), expected in slow.items():
        np.testing.assert_allclose((flux[target, pixel], ivar[target, pixel]), expected, rtol=1e-6)
    assert not ivar[:, 30:].any()
    assert not flux[:, 30:].any()


def test_pixels_of_a_single_arm_are_copied_exactly() -> None:
    rng = np.random.default_rng(3)
    flux = rng.normal(size=(4, 100)).astype(np.float32)
    ivar = rng.uniform(1e-6, 1e6, size=(4, 100)).astype(np.float32)
    arm = clean_arm(DESI_WAVELENGTH_ANGSTROM[:100], flux, ivar, np.zeros((4, 100), int))
    joined_flux, joined_ivar = join_arms({"B": arm}, np.arange(4), where="")
    np.testing.assert_array_equal(joined_flux[:, :100], flux)
    np.testing.assert_array_equal(joined_ivar[:, :100], ivar)


def test_cleaning_does_not_change_its_input() -> None:
    flux, ivar = np.array([[np.nan, 1.0]], "f4"), np.array([[1.0, 1.0]], "f4")
    mask = np.array([[0, 4]])
    arm = clean_arm(DESI_WAVELENGTH_ANGSTROM[:2], flux, ivar, mask)
    assert arm.ivar.tolist() == arm.flux.tolist() == [[0.0, 0.0]]
    assert np.isnan(flux[0, 0])
    assert ivar.tolist() == [[1.0, 1.0]]


def test_negative_and_infinite_ivar_is_no_measurement() -> None:
    ivar = np.array([[1.0, -1e-4, np.nan, -np.inf, np.inf]], "f4")
    arm = clean_arm(
        DESI_WAVELENGTH_ANGSTROM[:5], np.full((1, 5), 2, "f4"), ivar, np.zeros((1, 1), int)
    )
    assert arm.ivar.tolist() == [[1.0, 0.0, 0.0, 0.0, 0.0]]
    assert arm.flux.tolist() == [[2.0, 0.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["B", "R", "Z", "BRZ"], ["B", "R", "Z"]),
        (["BRZ", "MODEL", ""], ["BRZ"]),
        (["B", "BRZ"], ["BRZ"]),
        (["B", "RZ", "Z"], ["B", "RZ"]),
    ],
)
def test_no_light_is_counted_twice(names: list[str], chosen: list[str]) -> None:
    assert distinct_arms(names) == chosen


def test_a_grid_in_single_precision_is_that_of_desi() -> None:
    wavelength = DESI_WAVELENGTH_ANGSTROM[2700:].astype(np.float32).astype(np.float64)
    ones = np.ones((1, wavelength.size), "f4")
    _, ivar = join_arms({"R": Arm(wavelength, ones, ones)}, np.arange(1), where="")
    assert ivar[0, 2699:2701].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("wavelength", "steps"),
    [
        (np.arange(3600.0, 3700, 1.0), "steps of 1"),
        (10 ** (3.6 + 1e-4 * np.arange(50)), "logarithmic steps of 0.0001 dex"),
        (np.array([3600.0]) + 0.4, "one pixel"),
    ],
)
def test_other_grids_are_named(wavelength: np.ndarray, steps: str) -> None:
    ones = np.ones((1, wavelength.size), "f4")
    with pytest.raises(SourceError) as caught:
        join_arms({"B": Arm(wavelength, ones, ones)}, np.arange(1), where="coadd.fits")
    assert f"Angstrom, {steps}) is not a section of the DESI grid" in str(caught.value)


@pytest.mark.parametrize("shift", [0.3, 6223.9])
def test_an_arm_off_the_grid_is_refused(shift: float) -> None:
    wavelength = DESI_WAVELENGTH_ANGSTROM[:4] + shift
    ones = np.ones((1, 4), "f4")
    with pytest.raises(SourceError) as caught:
        join_arms({"B": Arm(wavelength, ones, ones)}, np.arange(1), where="coadd.fits")
    assert str(caught.value) == (
        f"coadd.fits: B_WAVELENGTH (4 pixels, {3600 + shift:.2f} to {3602.4 + shift:.2f} Angstrom, "
        "steps of 0.8) is not a section of the DESI grid, 3600 to 9824 Angstrom in steps of 0.8."
    )
