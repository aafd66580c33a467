"""The nouns cannot be wrong, and they leave the caller's arrays alone."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from galsearch.core.cutout import Cutout
from galsearch.core.errors import (
    InvalidCutoutError,
    InvalidSpectrumError,
    InvalidTargetIdError,
    ShardError,
)
from galsearch.core.rgb import legacy_rgb
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum
from galsearch.core.target_id import (
    MAX_TARGET_ID,
    TargetId,
    TargetIdParts,
    as_target_ids,
    decode_target_id,
    encode_target_id,
    is_position_id,
    target_id_from_position,
)
from galsearch.core.vectors import answer_order, off_unit, unit_rows

ids = st.integers(1, MAX_TARGET_ID)


@given(ids)
def test_a_target_id_survives_text_json_and_parquet(value: int) -> None:
    assert TargetId(str(TargetId(value))) == value
    assert TargetId(f"{TargetId(value)}") == value
    assert (
        TargetId(json.loads(json.dumps({"target_id": str(TargetId(value))}))["target_id"]) == value
    )
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"target_id": as_target_ids([TargetId(value)])}), sink)
    column = pq.read_table(pa.BufferReader(sink.getvalue()))["target_id"]
    assert as_target_ids(column.to_numpy()).tolist() == [value]


@given(
    st.integers(0, 2**22 - 1),
    st.integers(0, 2**20 - 1),
    st.integers(0, 2**16 - 1),
    st.booleans(),
    st.booleans(),
)
def test_target_id_parts_round_trip(
    objid: int, brickid: int, release: int, mock: bool, sky: bool
) -> None:
    parts = TargetIdParts(objid, brickid, release, mock, sky)
    if objid | brickid | release or mock or sky:
        assert decode_target_id(encode_target_id(parts)) == parts


@pytest.mark.parametrize(
    ("target_id", "release", "brickid", "objid"),
    [
        (39633345008634465, 9011, 607466, 2657),
        (39627866878511337, 9010, 349954, 2281),
        (39627775698535604, 9010, 328215, 1204),
    ],
)
def test_real_target_ids_decode_to_their_fibermap(
    target_id: int, release: int, brickid: int, objid: int
) -> None:
    parts = decode_target_id(TargetId(target_id))
    assert (parts.release, parts.brickid, parts.objid) == (release, brickid, objid)
    assert not parts.mock
    assert decode_target_id(TargetId(616088619186127404)).sky


@given(st.integers(0, 12 * 4**29 - 1), st.integers(0, 2**62 - 1))
def test_an_id_from_a_position_never_meets_one_of_desi(pixel: int, desi: int) -> None:
    own = target_id_from_position(pixel)
    assert is_position_id(own)
    assert own != desi
    assert not is_position_id(TargetId(max(desi, 1)))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            39627848784286003.0,
            "3.9627848784286e+16 (float) is not a TARGETID: expected an integer or its decimal "
            "text; a float cannot hold one exactly.",
        ),
        (
            "3.9e16",
            "'3.9e16' is not a TARGETID: expected decimal digits, such as 39627848784286003.",
        ),
        (
            0,
            "0 is not the TARGETID of a galaxy: expected 1 to 9223372036854775807 (negative ids "
            "are stuck or unassigned fibres).",
        ),
        (
            True,
            "True (bool) is not a TARGETID: expected an integer or its decimal text; a float "
            "cannot hold one exactly.",
        ),
    ],
)
def test_what_is_not_a_target_id_says_why(value: object, message: str) -> None:
    with pytest.raises(InvalidTargetIdError) as caught:
        TargetId(value)
    assert str(caught.value) == message


def test_a_float_column_of_target_ids_is_refused() -> None:
    with pytest.raises(InvalidTargetIdError) as caught:
        as_target_ids(np.array([39627848784286003.0]))
    assert str(caught.value) == (
        "TARGETIDs must be a one-dimensional integer column, found 1 dimensions of float64; "
        "a float column cannot hold them exactly."
    )
    with pytest.raises(InvalidTargetIdError):
        as_target_ids(np.array([2**63], np.uint64))
    with pytest.raises(InvalidTargetIdError):
        as_target_ids([5, -3])


def test_as_target_ids_is_a_copy() -> None:
    given_ids = np.array([3, 4])
    as_target_ids(given_ids)[0] = 9
    assert given_ids.tolist() == [3, 4]


floats = hnp.arrays(np.float64, (2, 5, 4), elements=st.floats(allow_nan=True, width=32))


@given(floats)
def test_a_cutout_masks_what_is_not_finite_and_leaves_the_caller_alone(flux: np.ndarray) -> None:
    before = flux.copy()
    cutout = Cutout(flux, ("g", "r"), 0.262, 370.0, -5.0)
    np.testing.assert_array_equal(flux, before)
    np.testing.assert_array_equal(cutout.good, np.isfinite(flux))
    assert np.isfinite(cutout.flux).all()
    assert cutout.ra_deg == 10.0
    with pytest.raises(ValueError, match="read-only"):
        cutout.flux[0] = 1


@given(st.integers(1, 12), st.integers(1, 12))
def test_cropping_and_padding_moves_no_value(size: int, to: int) -> None:
    flux = np.arange(1, size * size + 1, dtype=float).reshape(1, size, size)
    out = Cutout(flux, ("r",), 0.262, 0, 0).regrid(to, 0.2621)
    slow = np.zeros((to, to))
    for y in range(to):
        for x in range(to):
            yy, xx = y - to // 2 + size // 2, x - to // 2 + size // 2
            if 0 <= yy < size and 0 <= xx < size:
                slow[y, x] = flux[0, yy, xx]
    np.testing.assert_array_equal(out.flux[0], slow)
    np.testing.assert_array_equal(out.good[0], slow > 0)


@given(st.integers(4, 30), st.floats(0.1, 1.0), st.floats(0.1, 1.0))
def test_regridding_keeps_surface_brightness(size: int, scale: float, to: float) -> None:
    flat = Cutout(np.full((1, size, size), scale**2), ("r",), scale, 0, 0)
    out = flat.regrid(8, to)
    level = scale**2 if abs(scale / to - 1) < 0.01 else to**2
    np.testing.assert_allclose(out.flux[out.good], level, rtol=1e-4)


def test_a_missing_band_is_masked_never_invented() -> None:
    cutout = Cutout(np.ones((1, 2, 2)), ("r",), 0.262, 0, 0).select_bands(("g", "r"))
    assert cutout.good[0].sum() == 0
    assert cutout.good[1].all()
    assert not cutout.flux[0].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (np.ones((2, 3, 3)), ("r",), 0.262, 0.0, 0.0),
            "a cutout in bands r needs flux of shape (1, ny, nx), found (2, 3, 3).",
        ),
        (
            (np.ones((1, 3, 3)), ("r",), 0.0, 0.0, 0.0),
            "pixel_scale_arcsec must be positive, found 0.0.",
        ),
        (
            (np.ones((1, 3, 3)), ("r",), 1.0, 0.0, 91.0),
            "a cutout needs an ICRS position, found RA 0.0, Dec 91.0.",
        ),
        (
            (np.ones((2, 3, 3)), ("r", "r"), 1.0, 0.0, 0.0),
            "a cutout names each band once, found ('r', 'r').",
        ),
    ],
)
def test_a_cutout_that_cannot_be_says_why(arguments: tuple, message: str) -> None:
    with pytest.raises(InvalidCutoutError) as caught:
        Cutout(*arguments)
    assert str(caught.value) == message


@given(
    hnp.arrays(np.float64, 30, elements=st.floats(-1e3, 1e3) | st.just(np.nan)),
    hnp.arrays(np.float64, 30, elements=st.floats(0, 10)),
)
def test_a_spectrum_never_disagrees_with_itself(flux: np.ndarray, ivar: np.ndarray) -> None:
    before = flux.copy(), ivar.copy()
    spectrum = Spectrum(np.linspace(4000, 5000, 30), flux, ivar)
    np.testing.assert_array_equal(flux, before[0])
    np.testing.assert_array_equal(ivar, before[1])
    np.testing.assert_array_equal(spectrum.good, spectrum.ivar > 0)
    assert np.isfinite(spectrum.flux).all()
    assert not spectrum.flux[~spectrum.good].any()


def test_a_spectrum_on_the_desi_grid_stays_as_it_is() -> None:
    rng = np.random.default_rng(1)
    n = DESI_WAVELENGTH_ANGSTROM.size
    spectrum = Spectrum(DESI_WAVELENGTH_ANGSTROM + 5e-10, rng.normal(size=n), rng.random(n))
    again = spectrum.on_desi_grid()
    np.testing.assert_array_equal(again.flux, spectrum.flux)
    np.testing.assert_array_equal(again.ivar, spectrum.ivar)


def test_regridding_a_spectrum_masks_gaps_and_what_it_does_not_cover() -> None:
    wave = np.arange(4000.0, 4100.0, 1.0)
    ivar = np.ones(wave.size)
    ivar[50] = 0
    out = Spectrum(wave, wave, ivar).on_desi_grid()
    grid = DESI_WAVELENGTH_ANGSTROM
    inside = (grid >= 4000) & (grid <= 4099.0001)
    near_gap = np.abs(grid - 4050) < 0.9999
    np.testing.assert_array_equal(out.good, inside & ~near_gap)
    np.testing.assert_allclose(out.flux[out.good], grid[out.good], rtol=1e-6)


@pytest.mark.parametrize(
    ("wave", "ivar", "message"),
    [
        (
            [4000.0, 3999.0],
            [1, 1],
            "wavelength must increase strictly; wavelength[1] = 3999.0 Angstrom follows 4000.0.",
        ),
        ([4000.0, 4001.0], [1, -1], "ivar is never negative, found -1.0 at 4001.0 Angstrom."),
        (
            [4000.0],
            [1, 1],
            "the arrays of a spectrum share one length, found wavelength (1,), flux (2,), "
            "ivar (2,), mask (2,).",
        ),
    ],
)
def test_a_spectrum_that_cannot_be_says_why(wave: list, ivar: list, message: str) -> None:
    with pytest.raises(InvalidSpectrumError) as caught:
        Spectrum(wave, [1.0, 1.0], ivar)
    assert str(caught.value) == message


@given(
    hnp.arrays(np.float64, (6, 3), elements=st.floats(-100, 100).filter(lambda x: abs(x) > 1e-3))
)
def test_unit_rows_are_unit_rows(vectors: np.ndarray) -> None:
    assert not off_unit(unit_rows(vectors)).any()


def test_a_vector_without_direction_is_refused() -> None:
    with pytest.raises(ShardError) as caught:
        unit_rows(np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert str(caught.value) == "1 of 2 embeddings have no direction (row 1 has length 0.0)."
    assert off_unit(np.array([[np.nan, 1.0]])).all()


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), ids), max_size=9, unique_by=lambda t: t[1])
)
def test_answers_descend_and_ties_ascend_by_id(rows: list[tuple[float, int]]) -> None:
    similarity = np.array([row[0] for row in rows])
    target_ids = np.array([row[1] for row in rows], dtype=np.int64)
    slow = sorted(rows, key=lambda row: (-row[0], row[1]))
    order = answer_order(similarity, target_ids)
    assert [(similarity[i], target_ids[i]) for i in order] == slow


def test_the_viewer_colours_a_red_source_red() -> None:
    flux = np.zeros((3, 2, 2), np.float32)
    flux[2] = 1.0
    red, green, blue = legacy_rgb(flux)[:, 0, 0]
    assert red == 1.0
    assert green == blue < 0.2
