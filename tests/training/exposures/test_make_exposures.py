"""A chunk of exposures holds what the simulator observed, prepared as for the encoders."""

import numpy as np
import pytest

from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from galsearch.encoders.preprocess.prepare import prepare_spectra
from galsearch.simulate.survey.footprint import Chunk
from galsearch.simulate.survey.wide_exposures import draw_hemisphere, draw_wide_objects, expose
from training.exposures.exposure_record import encode_images
from training.exposures.make_exposures import joined_spectra, simulate_exposures

CHUNK = Chunk(3, 0, 4)


@pytest.fixture(scope="module")
def records(stellar_library: None) -> np.ndarray:
    return simulate_exposures(11, CHUNK)


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others(records: np.ndarray) -> None:
    assert simulate_exposures(11, CHUNK).tobytes() == records.tobytes()
    assert simulate_exposures(12, CHUNK).tobytes() != records.tobytes()


def test_a_record_is_what_the_simulator_observed(records: np.ndarray) -> None:
    row = 2
    target = draw_wide_objects(11, CHUNK)[row]
    north = [draw_hemisphere(11, CHUNK, row, number) for number in (0, 1)]
    seen = [expose(11, CHUNK, row, target, number, north[number]) for number in (0, 1)]
    record = records[row]
    codes, bits = encode_images(
        np.stack([each.image for each in seen]), np.stack([each.mask for each in seen])
    )
    np.testing.assert_array_equal(record["image"], codes)
    np.testing.assert_array_equal(record["mask"], bits)
    flux, ivar = joined_spectra([each.spectrum for each in seen])
    tokens = prepare_spectra(flux, ivar, None, GALSEARCH_SMALL).numpy()
    np.testing.assert_allclose(record["spectrum"], tokens, rtol=1e-3, atol=1e-3)
    assert record["north"].tolist() == [name == "north" for name in north]
    assert record["target_id"] == 3 * 200 + row + 1
    assert record["z"] == np.float32(target.galaxy.target.z)
    assert record["sample"].decode() == target.galaxy.target.sample


def test_the_two_exposures_of_an_object_are_alike_and_not_the_same(records: np.ndarray) -> None:
    first, second = records["spectrum"][:, 0], records["spectrum"][:, 1]
    assert (first != second).any(axis=(1, 2)).all()
    assert np.isfinite(records["spectrum"].astype(np.float32)).all()
    centre = records["image"][..., 52:56, 52:56].astype(float).mean(axis=(2, 3, 4))
    assert np.abs(centre[:, 0] - centre[:, 1]).max() < 60
