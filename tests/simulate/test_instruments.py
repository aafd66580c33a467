"""Camera, fibre and spectrograph: what they record against slow twins and the real files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.simulate import spectroscopy as spectrograph
from galsearch.simulate.imaging import bars_rings as structures
from galsearch.simulate.imaging import exposure as camera
from galsearch.simulate.imaging import render_galaxy as sky_image
from galsearch.simulate.population.morphology import Shape
from galsearch.simulate.sed.galaxy_sed import Light, shine
from galsearch.simulate.sed.stellar_grid import Library
from galsearch.simulate.spectroscopy import Exposure
from galsearch.simulate.survey.chunk import _stream
from galsearch.simulate.survey.colour_matching import choose_galaxy
from galsearch.simulate.survey.footprint import Chunk, chunk_pixels, random_positions
from galsearch.simulate.survey.truth import half_light_radius
from galsearch.sources import read_spectra_file

galsim = pytest.importorskip("galsim", reason="needs the extra sim")

SHAPE = Shape(0.9, 0.8, 3.0, 1.1, 0.5, 30.0, 0, 15.0, 0.5)


@pytest.fixture(scope="module")
def light(library: Library) -> Light:
    return shine([choose_galaxy(library, np.random.default_rng(5))], library, ebv=[0.02])[0]


def test_an_image_is_galsims_own_drawing() -> None:
    psf = sky_image.psf_transform(1.2, 3.0)
    bulge = sky_image.component_transforms(SHAPE, np.random.default_rng(0))[0]
    fast = sky_image.render([bulge], np.array([7.0], np.float32), psf)
    profile = galsim.Sersic(3.0, half_light_radius=0.9 * np.sqrt(0.8), flux=7.0)
    profile = profile.shear(q=0.8, beta=120 * galsim.degrees)
    slow = galsim.Convolve(profile, galsim.Moffat(3.0, fwhm=1.2))
    slow = slow.drawImage(nx=152, ny=152, scale=0.262).array
    assert np.abs(fast - slow).max() < 0.004 * slow.max()
    assert fast.sum() == pytest.approx(slow.sum(), rel=0.01)


def test_position_angles_run_from_north_to_east_which_is_left() -> None:
    psf = sky_image.psf_transform(0.9, 3.0)
    shape = Shape(0.3, 1.0, 1.0, 3.0, 0.25, 30.0, 0, 15.0, 0.5)
    disk = sky_image.component_transforms(shape, np.random.default_rng(0))[1]
    image = sky_image.render([disk], np.ones(1, np.float32), psf)
    y, x = np.mgrid[:152, :152] - 75.5
    xx, yy, xy = ((image * q).sum() for q in (x * x, y * y, x * y))
    angle_from_right = np.rad2deg(0.5 * np.arctan2(2 * xy, xx - yy)) % 180
    assert angle_from_right == pytest.approx(120, abs=1)
    assert (image * x).sum() / image.sum() == pytest.approx(0, abs=0.01)


def test_the_fibre_sees_what_the_pixels_of_its_aperture_hold() -> None:
    psf = sky_image.psf_transform(1.1, 3.5)
    for shape in (SHAPE, Shape(0.5, 0.9, 4.0, 4.0, 0.7, 80.0, 2, 18.0, 0.6)):
        for part in sky_image.component_transforms(shape, np.random.default_rng(1)):
            image = sky_image.render([part], np.ones(1, np.float32), psf)
            fine = np.kron(image, np.ones((10, 10))) / 100
            y, x = (np.mgrid[:1520, :1520] - 759.5) * 0.0262
            slow = fine[np.hypot(x, y) < 0.75].sum()
            assert sky_image.fibre_share(part, psf) == pytest.approx(slow, rel=0.05)


@pytest.mark.parametrize(
    "extra",
    [{}, {"bar_share": 0.3, "bar_angle_deg": 40.0}, {"ring_share": 0.5}, {"companion_share": 0.4}],
)
def test_components_have_unit_flux_whatever_the_pattern(extra: dict[str, float]) -> None:
    shape = Shape(0.5, 0.9, 4.0, 4.0, 0.7, 80.0, 3, -18.0, 0.6, **extra)
    for part in sky_image.component_transforms(shape, np.random.default_rng(2)):
        assert part[0, 0].real == pytest.approx(1, abs=1e-4)


def test_pixel_noise_is_that_of_the_survey(light: Light) -> None:
    nothing = np.zeros((256, 129), np.complex64)
    psfs = [sky_image.psf_transform(1.2, 3.0)] * 3
    spread = []
    for seed in range(8):
        image = camera.photograph(light, [nothing] * 3, psfs, np.random.default_rng(seed))
        spread.append(1.4826 * np.median(np.abs(image), axis=(1, 2)))
    np.testing.assert_allclose(
        np.median(spread, axis=0), camera.IMAGING["south"].pixel_noise, rtol=0.2
    )


@given(angle=st.floats(0, 180), ratio=st.floats(0.3, 1))
def test_a_ring_is_dark_in_its_middle_and_bright_on_its_ellipse(angle: float, ratio: float) -> None:
    waves = structures.Waves(*sky_image._wave_planes())
    ring = structures.ring(waves, 8.0, ratio, angle)
    plane = sky_image.render(
        [ring.astype(np.complex64)], np.ones(1, np.float32), np.ones((256, 129))
    )
    along = np.deg2rad(angle)
    x, y = (round(75.5 + 8 / 0.262 * f(along)) for f in (np.cos, np.sin))
    assert plane[y, x] > 3 * abs(plane[75, 75])


def test_a_companion_lies_where_it_is_said_to() -> None:
    waves = structures.Waves(*sky_image._wave_planes())
    other = structures.companion(waves, 0.8, 6.0, 90.0)
    psf = sky_image.psf_transform(1.2, 3.0)
    plane = sky_image.render([other], np.ones(1, np.float32), psf)
    row, column = np.unravel_index(plane.argmax(), plane.shape)
    assert (row, column) == (pytest.approx(75.5 + 6 / 0.262, abs=1.1), pytest.approx(75.5, abs=1.1))


def test_pixels_of_the_north_share_more_noise(light: Light) -> None:
    nothing = np.zeros((256, 129), np.complex64)
    psfs = [sky_image.psf_transform(1.2, 3.0)] * 3
    shared = {}
    for hemisphere in ("south", "north"):
        rng = np.random.default_rng(3)
        plane = camera.photograph(light, [nothing] * 3, psfs, rng, hemisphere)[0]
        near, far = (np.median(np.abs(plane[:, lag:] - plane[:, :-lag])) for lag in (1, 8))
        shared[hemisphere] = 1 - (near / far) ** 2
    # A real brick of BASS g has 0.63, native cutouts of DECam 0.3 to 0.5.
    assert 0.25 < shared["south"] < 0.5
    assert 0.5 < shared["north"] < 0.72


def test_noise_has_the_spread_that_ivar_says() -> None:
    flux = {arm: np.full(high - low, 2.0) for arm, (low, high) in spectrograph.ARMS.items()}
    recorded = spectrograph.observe(flux, Exposure(1000.0, 1.0, 0.0), np.random.default_rng(1))
    for arm in flux:
        good = recorded.mask[arm] == 0
        pull = (recorded.flux[arm] - 2.0)[good] * np.sqrt(recorded.ivar[arm][good])
        assert 0.97 < 1.4826 * np.median(np.abs(pull)) < 1.12
        assert (recorded.ivar[arm][~good] == 0).all()


def test_masked_pixels_come_in_runs_and_mostly_in_the_red() -> None:
    rng = np.random.default_rng(7)
    masks = {arm: [spectrograph._masked(arm, 1.0, rng) for _ in range(400)] for arm in "brz"}
    share = {arm: float(np.mean(rows)) for arm, rows in masks.items()}
    for arm in "brz":
        wanted = spectrograph._MASKED_SHARE[arm] * (1 + spectrograph._MASKED_NEXT)
        assert share[arm] == pytest.approx(wanted, rel=0.25)
    assert share["b"] < 0.3 * share["z"]
    runs = np.concatenate([np.diff(np.flatnonzero(row)) for row in masks["z"]])
    assert 0.2 < np.mean(runs == 1) < 0.5
    assert not spectrograph._masked("z", 0.0, rng).any()


def test_noise_differs_between_exposures_as_it_is_tabulated() -> None:
    flux = {arm: np.zeros(high - low) for arm, (low, high) in spectrograph.ARMS.items()}
    exposure = Exposure(1000.0, 1.0, 0.0, masked=0.0)
    seen = [spectrograph.observe(flux, exposure, np.random.default_rng(i)) for i in range(200)]
    for arm in "brz":
        ln_sigma = -0.5 * np.log([one.ivar[arm] for one in seen])
        quiet = spectrograph._noise(arm)[1] < 0.01
        scatter = ln_sigma.std(axis=0)[quiet]
        wanted = spectrograph._noise_shape("scatter", arm)[quiet]
        # Straight lines between independent numbers scatter by .58 to 1 of what they do.
        assert (scatter > 0.5 * wanted).all()
        assert (scatter < 1.25 * wanted + 0.02).all()


@given(wavelength=st.floats(3650, 9780), sigma=st.floats(20, 250))
def test_lines_keep_their_flux(wavelength: float, sigma: float) -> None:
    flux = np.zeros(DESI_WAVELENGTH_ANGSTROM.size)
    spectrograph._add_lines(flux, 3600.0, np.array([wavelength]), np.array([3.0]), sigma, 0.75)
    assert flux.sum() * 0.8 == pytest.approx(3.0, rel=2e-3)


def test_the_fibre_spectrum_is_the_sum_of_its_parts(light: Light) -> None:
    widths = {"sigma_bulge_km_s": 150.0, "sigma_disk_km_s": 90.0}
    parts = [spectrograph.fibre_spectrum(light, row, **widths) for row in np.eye(4)]
    whole = spectrograph.fibre_spectrum(light, np.ones(4), **widths)
    for arm in spectrograph.ARMS:
        total = sum(part[arm] for part in parts)
        np.testing.assert_allclose(whole[arm], total, rtol=1e-4, atol=1e-4 * total.max())


def test_image_and_spectrum_share_no_random_numbers() -> None:
    chunks = [Chunk(0, 11, 50), Chunk(1, 12, 50)]
    first = [
        _stream(9, chunk, row, stream).random()
        for chunk in chunks
        for row in range(50)
        for stream in range(5)
    ]
    assert len(set(first)) == len(first)


def test_a_longer_survey_begins_with_the_pixels_of_a_shorter_one() -> None:
    assert chunk_pixels(3, 40)[:7].tolist() == chunk_pixels(3, 7).tolist()
    assert len(set(chunk_pixels(3, 40).tolist())) == 40


def test_positions_lie_in_their_pixel() -> None:
    from astropy.units import deg
    from astropy_healpix import lonlat_to_healpix

    ra, dec = random_positions(20_000, 200, np.random.default_rng(0))
    assert (lonlat_to_healpix(ra * deg, dec * deg, 64, order="nested") == 20_000).all()


@given(bulge=st.floats(0, 1), ratio=st.floats(0.05, 1))
def test_half_the_light_lies_between_the_radii_of_the_parts(bulge: float, ratio: float) -> None:
    shape = Shape(4.0 * ratio, 1.0, 4.0, 4.0, 1.0, 0.0, 0, 15.0, 0.5)
    radius = half_light_radius(shape, bulge)
    assert 4.0 * ratio * 0.98 <= radius <= 4.0 * 1.02


def test_real_exposures_have_the_noise_that_was_distilled_from_them(real: Path) -> None:
    file = read_spectra_file(str(real / "desi-specutils" / "coadd-sv3-dark-26065.fits"))
    for row, seconds in zip(range(2), (1009.3, 1443.6), strict=True):
        spectrum = file.spectra[row]
        for arm, (low, high) in (("b", (0, 2700)), ("r", (2751, 4900)), ("z", (5026, 7781))):
            level, lines = spectrograph._noise(arm)
            start = spectrograph.ARMS[arm][0]
            expected = 1 / (level**2 + lines**2)[low - start : high - start] * seconds / 1000
            good = spectrum.good[low:high]
            found, expected = spectrum.ivar[low:high][good], expected[good]
            # Seconds are not effective seconds: the two rows differ by 20 to 30 per cent.
            assert np.median(found) == pytest.approx(np.median(expected), rel=0.4)
            assert np.corrcoef(np.log(found), np.log(expected))[0, 1] > 0.9
