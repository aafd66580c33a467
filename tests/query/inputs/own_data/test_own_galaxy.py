"""The galaxy of a query by an image or a spectrum of one's own."""

import numpy as np

from galsearch.core.cutout import Cutout
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum
from galsearch.query.inputs.own_data.own_galaxy import own_galaxy
from galsearch.query.inputs.own_data.own_image import read_own_image
from galsearch.query.inputs.own_data.own_spectrum import read_own_spectrum
from tests.query.inputs.own_data.own_files import galaxy


def test_the_galaxy_has_the_pixels_that_were_compared() -> None:
    image = read_own_image(Cutout(galaxy(), tuple("grz"), 0.262, 7.0, -1.0))
    wave = np.linspace(4000.0, 9000.0, 3000)
    spectrum = read_own_spectrum(Spectrum(wave, np.full(3000, 2.0), np.full(3000, 4.0)))
    both = own_galaxy(image, spectrum)
    assert both is not None
    assert (both.target_ids.tolist(), both.ra_deg[0], both.dec_deg[0]) == ([0], 7.0, -1.0)
    assert (both.has_image[0], both.has_spectrum[0], np.isnan(both.z[0])) == (True, True, True)
    np.testing.assert_array_equal(both.image_flux[0], image.cutout.flux)
    covered = (DESI_WAVELENGTH_ANGSTROM > 4001) & (DESI_WAVELENGTH_ANGSTROM < 8999)
    np.testing.assert_allclose(both.spectrum_flux[0, covered], 2, rtol=1e-5)
    assert both.spectrum_mask[0, 0]
    assert both.spectrum_ivar[0, 0] == 0


def test_one_of_the_two_may_be_missing() -> None:
    assert own_galaxy(None, None) is None
    found = own_galaxy(read_own_image(galaxy(), pixel_scale=0.262), None)
    assert found is not None
    assert (found.has_image[0], found.has_spectrum[0]) == (True, False)
    assert np.isnan([found.ra_deg[0], found.dec_deg[0]]).all()
    assert found.spectrum_mask.all()
