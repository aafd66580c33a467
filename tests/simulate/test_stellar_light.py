"""The light of simulated galaxies against Bagpipes, speclite and astropy, their slow twins."""

import io
import warnings
from contextlib import redirect_stdout
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.cosmology import FlatLambdaCDM
from hypothesis import given
from hypothesis import strategies as st

from galsearch.simulate import cosmology
from galsearch.simulate.population.luminosity_functions import (
    SAMPLES,
    Draw,
    draw_galaxy,
    draw_sample,
)
from galsearch.simulate.population.scaling_relations import Galaxy, Stars, draw_physics
from galsearch.simulate.population.target_mixtures import draw_look
from galsearch.simulate.sed import photometry
from galsearch.simulate.sed.galaxy_sed import Light, shine
from galsearch.simulate.sed.star_formation_history import (
    _IONISING,
    gas_weights,
    mass_by_age,
    metal_weights,
)
from galsearch.simulate.sed.stellar_grid import Library, air_to_vacuum, vacuum_to_air
from galsearch.simulate.survey import colour_matching as choice
from galsearch.simulate.survey.truth import half_light_radius

AGE_EDGES_YR = np.concatenate([[0.0], 10 ** np.arange(6.05, 10.15, 0.1)])


def draws(n: int) -> list[Draw]:
    generators = [np.random.default_rng([4, i]) for i in range(n)]
    return [draw_galaxy(*draw_sample(rng), rng) for rng in generators]


def galaxies(n: int) -> list[Galaxy]:
    return [draw_physics(draw, np.random.default_rng([3, i])) for i, draw in enumerate(draws(n))]


def test_distances_and_ages_are_astropys() -> None:
    z = np.array([0.01, 0.1, 0.35, 0.8])
    twin = FlatLambdaCDM(H0=70, Om0=0.3, Tcmb0=0)
    np.testing.assert_allclose(cosmology.distance_modulus(z), twin.distmod(z).value, atol=1e-4)
    np.testing.assert_allclose(cosmology.age_gyr(z), twin.age(z).value, rtol=1e-4)
    np.testing.assert_allclose(
        cosmology.kpc_per_arcsec(z), twin.kpc_proper_per_arcmin(z).value / 60, rtol=1e-4
    )


@given(start=st.floats(1.5, 13), tau=st.floats(0.2, 20))
def test_closed_form_histories_are_the_sum_of_many_steps(start: float, tau: float) -> None:
    edges = np.concatenate([AGE_EDGES_YR[:-1], [1.38e10]])
    lookback = (np.arange(400_000) + 0.5) / 400_000 * start
    rate = (start - lookback) * np.exp(-(start - lookback) / tau)
    slow = np.histogram(lookback * 1e9, bins=edges, weights=rate)[0]
    fast = mass_by_age(Stars(start, tau, 1.0), edges)
    np.testing.assert_allclose(fast, slow / slow.sum(), atol=2e-5)


@given(
    recent=st.floats(0.1, 10),
    floor=st.floats(0, 1e-10),
    quenched=st.floats(0, 1),
    burst=st.floats(0, 0.3),
)
def test_every_history_forms_one_solar_mass(
    recent: float, floor: float, quenched: float, burst: float
) -> None:
    stars = Stars(8.0, 2.0, 1.0, recent, floor, quenched, burst)
    share = mass_by_age(stars, AGE_EDGES_YR)
    assert share.min() >= 0
    assert share.sum() == pytest.approx(1)


@given(st.floats(0.001, 9))
def test_metallicities_are_interpolated_and_never_extrapolated(value: float) -> None:
    grid = np.array([0.005, 0.02, 0.2, 0.4, 1.0, 2.5, 5.0])
    weights = metal_weights(value, grid)
    assert weights.sum() == pytest.approx(1)
    assert weights @ grid == pytest.approx(np.clip(value, grid[0], grid[-1]))


@given(st.floats(2100, 11000))
def test_air_and_vacuum_are_inverse(wavelength: float) -> None:
    vacuum = np.array([wavelength])
    assert air_to_vacuum(vacuum_to_air(vacuum))[0] == pytest.approx(wavelength, rel=1e-7)


def test_a_galaxy_without_dust_is_bagpipes_own(library: Library) -> None:
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        import bagpipes

        air = np.arange(4000.0, 9000.0, 4.0)
        parts = {
            "redshift": 0.15,
            "veldisp": 150.0,
            "delayed": {"age": 8.0, "tau": 2.0, "massformed": 10.0, "metallicity": 0.8},
        }
        slow = bagpipes.model_galaxy(parts, spec_wavs=air)
    weights = np.outer(
        metal_weights(0.8, library.metallicities),
        mass_by_age(Stars(8.0, 2.0, 0.8), library.age_edges_yr),
    )
    scale = (
        1e10
        * 3.828e33
        / (4 * np.pi * (float(cosmology.luminosity_distance_mpc(0.15)) * 3.0857e24) ** 2)
    )
    light = weights.ravel() @ library.stars * scale / 1.15
    fast = np.interp(air, vacuum_to_air(library.wavelength_angstrom) * 1.15, light)
    smooth = np.ones(25) / 25
    ratio = np.convolve(fast, smooth, "valid") / np.convolve(slow.spectrum[:, 1], smooth, "valid")
    assert np.median(ratio) == pytest.approx(1, abs=0.01)
    assert np.abs(ratio - 1).max() < 0.03
    assert float(np.log10((1e10 * weights * library.living).sum())) == pytest.approx(
        slow.sfh.stellar_mass, abs=0.01
    )


def test_band_fluxes_are_speclites_and_the_parts_add_up(library: Library) -> None:
    import speclite.filters

    filters = speclite.filters.load_filters(*[f"decam2014-{band}" for band in "grz"])
    for galaxy, light in zip(galaxies(6), shine(galaxies(6), library, ebv=[0.02] * 6), strict=True):
        whole = light.continuum.sum(axis=0).astype(float) * 1e-17
        maggies = filters.get_ab_maggies(
            *filters.pad_spectrum(whole, light.wavelength_angstrom, method="edge")
        )
        slow = np.array([maggies[name][0] for name in maggies.colnames]) * 1e9
        lines = light.young_lines + light.nuclear_lines
        slow += photometry.line_fluxes(light.line_wavelength_angstrom, lines) * 1e-17
        np.testing.assert_allclose(light.band_flux.sum(axis=0), slow, rtol=2e-3)
        dimmed = 10 ** (-0.4 * 0.02 * 2.165)
        assert light.band_flux[:, 1].sum() == pytest.approx(
            dimmed * 10 ** (-0.4 * (galaxy.draw.mag_r - 22.5)), rel=0.01
        )


def test_first_and_second_guess_of_the_mass_agree(library: Library) -> None:
    many = galaxies(40)
    light = shine(many, library, ebv=[0.0] * 40)
    guess = [-0.4 * (g.draw.absolute_mag_r - 4.65) + (0.42 if g.draw.red else 0.1) for g in many]
    offset = np.array([one.log10_mass for one in light]) - guess
    assert abs(np.median(offset)) < 0.25
    assert np.std(offset) < 0.35


def test_samples_keep_their_limits() -> None:
    limits = {sample.name: sample for sample in SAMPLES}
    many = draws(400)
    for draw in many:
        sample = limits[draw.sample]
        assert sample.mag_r[0] <= draw.mag_r <= sample.mag_r[1]
        assert sample.z[0] - 0.01 <= draw.z <= sample.z[1] + 0.01
    assert {draw.sample for draw in many} == set(limits)
    assert all(draw.red for draw in many if draw.sample == "LRG")
    assert not any(draw.red for draw in many if draw.sample == "ELG")


def test_rough_colours_are_those_of_the_spectrum(library: Library) -> None:
    many = galaxies(25)
    miss = []
    for galaxy, light in zip(many, shine(many, library, ebv=[0.0] * 25), strict=True):
        rough = -2.5 * np.log10(choice.rough_fluxes(galaxy, library).sum(axis=0))
        true = -2.5 * np.log10(light.band_flux.sum(axis=0))
        miss.append(np.abs(np.diff(rough) - np.diff(true)))
    # Active nuclei and steep dust are not in the rough ones.
    assert np.median(miss) < 0.03
    assert np.max(miss) < 0.4


def test_chosen_galaxies_have_the_colours_and_sizes_that_were_drawn(library: Library) -> None:
    misses, sizes = [], []
    for i in range(30):
        galaxy = choice.choose_galaxy(library, np.random.default_rng([8, i]))
        rng = np.random.default_rng([8, i])
        sample, mag_r = draw_sample(rng)
        if not sample.look:
            continue
        look = draw_look(sample.look, mag_r, rng)
        flux = choice.rough_fluxes(galaxy, library)
        g, r, z = -2.5 * np.log10(flux.sum(axis=0))
        misses.append(np.hypot(g - r - look.colour_gr, r - z - look.colour_rz))
        radius = half_light_radius(galaxy.shape, float(flux[0, 1] / flux[:, 1].sum()))
        sizes.append(radius / look.r_eff_arcsec)
    assert np.median(misses) < 0.15
    assert np.median(sizes) == pytest.approx(1, abs=0.02)


@given(st.sampled_from(["bgs", "lrg", "elg", "sdss"]), st.floats(14, 24), st.integers(0, 10**6))
def test_looks_are_possible_at_any_magnitude(target: str, mag_r: float, seed: int) -> None:
    look = draw_look(target, mag_r, np.random.default_rng(seed))
    assert -3 < look.colour_gr < 5
    assert -3 < look.colour_rz < 5
    assert 0.19 < look.r_eff_arcsec < 16
    assert 0 <= look.ellipticity <= 0.7
    assert (look.z is not None) == (target == "sdss")


def test_nearby_galaxies_have_redshifts_and_colours_of_sdss(library: Library) -> None:
    sample = next(sample for sample in SAMPLES if sample.name == "NEARBY")
    looks = [draw_look("sdss", 17.0, np.random.default_rng([3, i])) for i in range(2000)]
    # What the 1,153 SDSS galaxies of 16.9 < r < 17.1 have at 16, 50 and 84 per cent.
    z, gr = (np.array([getattr(look, name) for look in looks]) for name in ("z", "colour_gr"))
    np.testing.assert_allclose(np.percentile(z, (16, 50, 84)), (0.080, 0.119, 0.159), rtol=0.08)
    np.testing.assert_allclose(np.percentile(gr, (16, 50, 84)), (0.744, 0.939, 1.086), atol=0.04)
    assert np.corrcoef(z, gr)[0, 1] > 0.4
    drawn = [draw_galaxy(sample, 17.0, np.random.default_rng(i), z=0.123) for i in range(50)]
    assert {draw.z for draw in drawn} == {0.123}
    assert {draw.red for draw in drawn} == {True, False}


@given(st.floats(0.02, 2.5), st.integers(0, 10**6))
def test_gas_holds_the_youngest_stars_at_a_metallicity_of_its_own(
    metallicity: float, seed: int
) -> None:
    grid = np.array([0.005, 0.02, 0.2, 0.4, 1.0, 2.5, 5.0])
    toy = SimpleNamespace(metallicities=grid, n_young=4)
    parts = np.random.default_rng(seed).random((1, 4, len(grid) * 6), np.float32)
    gas = gas_weights(parts, [SimpleNamespace(gas_metallicity=metallicity)], toy)[0].reshape(-1, 4)
    youngest = parts[0, 3].reshape(-1, 6)[:, :4].sum(axis=0)
    np.testing.assert_allclose(gas.sum(axis=0), _IONISING * youngest, rtol=1e-5)
    assert grid @ gas.sum(axis=1) / gas.sum() == pytest.approx(metallicity, rel=1e-4)


def test_lines_of_star_forming_galaxies_are_those_of_their_mass(library: Library) -> None:
    """Ranges of medians around those of SDSS's star-forming galaxies of such masses."""
    many = [choice.choose_galaxy(library, np.random.default_rng([6, i])) for i in range(400)]
    many = [galaxy for galaxy in many if galaxy.star_forming and galaxy.draw.z < 0.35]
    lights = list(zip(many, shine(many, library, ebv=[0.0] * len(many)), strict=True))
    for (least, most), wanted in (
        ((8.5, 9.5), {"[OIII]/Hb": (1.7, 3.2), "[NII]/Ha": (0.08, 0.25), "Ha": (25, 55)}),
        ((10.3, 11.2), {"[OIII]/Hb": (0.5, 1.1), "[NII]/Ha": (0.4, 0.65), "Ha": (8, 30)}),
    ):
        found = [
            line_ratios(light, galaxy.draw.z)
            for galaxy, light in lights
            if least < light.log10_mass < most
        ]
        assert len(found) > 20
        for name, (low, high) in wanted.items():
            assert low < np.median([one[name] for one in found]) < high, name


def line_ratios(light: Light, z: float) -> dict[str, float]:
    """Two ratios of lines of the young gas, and the width of Halpha at rest, Angstrom."""
    hb, oiii, ha, nii = (
        float(light.young_lines[np.argmin(np.abs(light.line_wavelength_angstrom - rest * (1 + z)))])
        for rest in (4862.7, 5008.2, 6564.6, 6585.3)
    )
    level = np.interp(6520.0 * (1 + z), light.wavelength_angstrom, light.continuum.sum(axis=0))
    return {"[OIII]/Hb": oiii / hb, "[NII]/Ha": nii / ha, "Ha": ha / float(level) / (1 + z)}


def test_filters_of_the_north_are_not_those_of_the_south(library: Library) -> None:
    one = galaxies(1)
    south, north = (
        shine(one, library, ebv=[0.0], hemisphere=h)[0].band_flux.sum(axis=0)
        for h in ("south", "north")
    )
    assert south[1] == pytest.approx(north[1])
    assert 0.001 < abs(np.log(south[0] / north[0])) < 0.2
