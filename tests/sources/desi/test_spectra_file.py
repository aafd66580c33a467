"""Every row of a coadd or spectra file is returned as a galaxy or counted for a reason."""

from collections.abc import Callable
from pathlib import Path

import fsspec
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galsearch.core.errors import SourceError
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.core.target_id import TargetIdParts, encode_target_id
from galsearch.sources import read_spectra_file, read_spectra_index
from galsearch.sources.desi.observed_group import ObservedGroup
from tests.damaged_files import assert_only_galsearch_errors
from tests.damaged_fits import damaged_cards

MakeCoadd = Callable[..., str]


def arms_of(n: int) -> dict[str, list[np.ndarray]]:
    shape = (n, 5)
    ones = [np.ones(shape, "f4"), np.ones(shape, "f4"), np.zeros(shape, "i4")]
    return {"b": [DESI_WAVELENGTH_ANGSTROM[:5], *ones]}


def refusal(path: str) -> str:
    with pytest.raises(SourceError) as caught:
        read_spectra_file(path)
    return str(caught.value)


def edit(path: str, change: Callable[[fits.HDUList], None]) -> None:
    with fits.open(path) as hdus:
        copied = fits.HDUList([hdu.copy() for hdu in hdus])
    change(copied)
    copied.writeto(path, overwrite=True)


def rename_column(path: str, old: str, new: str) -> None:
    content = Path(path).read_bytes()
    Path(path).write_bytes(content.replace(f"'{old}'".encode(), f"'{new}'".encode(), 1))


def test_spectra_are_read_as_they_were_written(make_coadd: MakeCoadd) -> None:
    fibermap = {"FLUX_G": [1.0, 100.0, 0.0], "EBV": [0.1, 0.2, 0.3], "PHOTSYS": ["N", "S", "S"]}
    path = make_coadd(3, fibermap=fibermap)
    read = read_spectra_file(path)
    assert (read.url, read.n_rows, read.skipped) == (path, 3, {})
    assert read.rows.tolist() == [0, 1, 2]
    assert read.target_ids.tolist() == [1, 2, 3]
    assert read.ra_deg.tolist() == [150.0, 151.0, 152.0]
    assert read.dec_deg.tolist() == [2.2, 2.2, 2.2]
    np.testing.assert_allclose(read.columns["mag_g"], [22.5, 17.5, np.nan])
    assert np.isnan(read.columns["mag_z"]).all()
    np.testing.assert_allclose(read.columns["ebv"], [0.1, 0.2, 0.3])
    assert read.columns["photsys"].tolist() == ["N", "S", "S"]
    assert read.columns["morphtype"].tolist() == ["", "", ""]
    assert read.columns["survey"].tolist() == ["main"] * 3
    assert read.columns["program"].tolist() == ["bright"] * 3
    for spectrum in read.spectra:
        assert spectrum.flux.shape == (7781,)
        assert spectrum.good[:30].all()
        assert not spectrum.good[30:].any()
    with fits.open(path) as hdus:
        np.testing.assert_array_equal(
            [s.flux[:8] for s in read.spectra], hdus["B_FLUX"].data[:, :8]
        )
        np.testing.assert_array_equal(
            [s.ivar[20:30] for s in read.spectra], hdus["Z_IVAR"].data[:, 3:]
        )


def test_each_skipped_row_is_counted_with_its_reason(make_coadd: MakeCoadd) -> None:
    sky = int(encode_target_id(TargetIdParts(1, 2, 9010, mock=False, sky=True)))
    arms = arms_of(10)
    arms["b"][2][6] = 0.0  # no inverse variance
    arms["b"][3][7] = 1  # every pixel masked
    arms["b"][1][8] = np.nan
    path = make_coadd(
        10,
        arms=arms,
        target_ids=np.array([-5, sky, 3, 4, 5, 6, 7, 8, 9, 10]),
        fibermap={
            "OBJTYPE": ["TGT", "TGT", "SKY", "BAD", "TGT", "TGT", "TGT", "TGT", "TGT", "TGT"],
            "COADD_FIBERSTATUS": [0, 0, 0, 0, 8 + 512, 0, 0, 0, 0, 8],
        },
    )
    edit(path, lambda hdus: hdus["FIBERMAP"].data["TARGET_RA"].__setitem__(5, np.nan))
    read = read_spectra_file(path)
    assert read.rows.tolist() == [9]
    assert read.skipped == {
        "negative TARGETID": 1,
        "sky": 2,
        "not a target": 1,
        "fibre status": 1,
        "no position": 1,
        "no valid pixels": 3,
    }


def test_the_index_is_the_same_without_spectra(make_coadd: MakeCoadd) -> None:
    arms = arms_of(4)
    arms["b"][1][2] = np.nan
    path = make_coadd(4, arms=arms)
    full, index = read_spectra_file(path), read_spectra_index(path)
    assert (index.spectra, len(full.spectra)) == ([], 3)
    assert index.rows.tolist() == full.rows.tolist() == [0, 1, 3]
    assert index.skipped == full.skipped == {"no valid pixels": 1}


def test_rows_that_are_not_requested_are_counted(make_coadd: MakeCoadd) -> None:
    path = make_coadd(4, target_ids=np.array([1, -2, 3, 4]))
    everything = read_spectra_file(path)
    read = read_spectra_file(path, rows=[3, 1])
    assert read.target_ids.tolist() == [4]
    assert read.skipped == {"negative TARGETID": 1, "not requested": 2}
    np.testing.assert_array_equal(read.spectra[0].flux, everything.spectra[2].flux)
    nothing = read_spectra_file(path, rows=[])
    assert (nothing.spectra, nothing.skipped["not requested"]) == ([], 3)


def test_a_row_that_does_not_exist_is_refused(make_coadd: MakeCoadd) -> None:
    path = make_coadd(2)
    with pytest.raises(SourceError) as caught:
        read_spectra_file(path, rows=[0, 2])
    assert str(caught.value) == f"{path}: row 2 was requested; the file has rows 0 to 1."


def test_exposures_of_one_target_are_combined(make_coadd: MakeCoadd) -> None:
    arms = arms_of(4)
    arms["b"][1][:] = [[1.0], [5.0], [4.0], [100.0]]
    arms["b"][2][:] = [[1.0], [1.0], [2.0], [1.0]]
    path = make_coadd(
        4,
        arms=arms,
        target_ids=np.array([8, 7, 8, 8]),
        ra_deg=np.array([150.0, 151.0, 150.0, 150.0]),
        fibermap={"FIBERSTATUS": np.array([0, 0, 0, 512])},
    )
    rename_column(path, "COADD_FIBERSTATUS", "OTHER_FIBERSTATUS")
    read = read_spectra_file(path)
    assert read.target_ids.tolist() == [8, 7]
    assert read.rows.tolist() == [0, 1]
    assert read.skipped == {"fibre status": 1, "further exposure": 1}
    np.testing.assert_allclose(read.spectra[0].flux[:5], 3.0)
    np.testing.assert_allclose(read.spectra[0].ivar[:5], 3.0)
    np.testing.assert_allclose(read.spectra[1].flux[:5], 5.0)
    first_only = read_spectra_file(path, rows=[0])
    np.testing.assert_array_equal(first_only.spectra[0].flux, read.spectra[0].flux)
    assert first_only.skipped == {"fibre status": 1, "further exposure": 1, "not requested": 1}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ids=st.lists(st.sampled_from([-1, 3, 4, 5, 1 << 59]), max_size=7),
    masked=st.sets(st.integers(0, 6)),
    requested=st.none() | st.sets(st.integers(0, 6)),
)
def test_every_row_is_counted_once(
    make_coadd: MakeCoadd, ids: list[int], masked: set[int], requested: set[int] | None
) -> None:
    n = len(ids)
    arms = arms_of(n)
    arms["b"][2][[row for row in masked if row < n]] = 0
    path = make_coadd(n, arms=arms, target_ids=np.array(ids, int))
    rows = None if requested is None else sorted(row for row in requested if row < n)
    read = read_spectra_file(path, rows=rows)
    assert len(read.spectra) + sum(read.skipped.values()) == read.n_rows == n
    usable = {i for row, i in enumerate(ids) if row not in masked and 0 < i < 1 << 59}
    first = {min(r for r, j in enumerate(ids) if j == i and r not in masked): i for i in usable}
    expected = {row: i for row, i in first.items() if rows is None or row in rows}
    assert dict(zip(read.rows.tolist(), read.target_ids.tolist(), strict=True)) == expected


def test_an_object_store_gives_the_same_as_a_disk(make_coadd: MakeCoadd) -> None:
    path = make_coadd()
    fsspec.filesystem("memory").pipe("/sky/coadd.fits", Path(path).read_bytes())
    stored, local = read_spectra_file("memory://sky/coadd.fits"), read_spectra_file(path)
    for a, b in zip(stored.spectra, local.spectra, strict=True):
        np.testing.assert_array_equal(a.flux, b.flux)
    assert read_spectra_file(f"file://{path}").target_ids.tolist() == local.target_ids.tolist()


def test_a_file_without_fibermap_is_refused(make_coadd: MakeCoadd) -> None:
    path = make_coadd()
    edit(path, lambda hdus: hdus.__delitem__(slice(1, 3)))
    assert refusal(path) == (
        f"{path}: HDU FIBERMAP is missing, so this is not a DESI coadd or spectra file. It holds: "
        "PRIMARY, B_WAVELENGTH, B_FLUX, B_IVAR, B_MASK, R_WAVELENGTH, R_FLUX, R_IVAR, R_MASK, "
        "Z_WAVELENGTH, Z_FLUX, Z_IVAR, Z_MASK, SCORES."
    )


def test_a_fibermap_without_positions_is_refused(make_coadd: MakeCoadd) -> None:
    path = make_coadd()
    rename_column(path, "TARGET_RA", "SOME_RA  ")
    assert refusal(path) == (
        f"{path}: FIBERMAP lacks TARGET_RA, so this is not a DESI coadd or spectra file."
    )


def test_a_missing_arm_plane_is_named(make_coadd: MakeCoadd) -> None:
    path = make_coadd(arms=arms_of(3))
    edit(path, lambda hdus: hdus.__delitem__("B_IVAR"))
    assert refusal(path) == (
        f"{path}: HDU B_IVAR is missing, so this is not a DESI coadd or spectra file. It holds: "
        "PRIMARY, FIBERMAP, EXP_FIBERMAP, B_WAVELENGTH, B_FLUX, B_MASK, SCORES."
    )


def test_a_file_with_only_a_fibermap_is_refused(make_coadd: MakeCoadd) -> None:
    path = make_coadd(arms={})
    assert refusal(path) == (
        f"{path}: HDU B_WAVELENGTH is missing, so this is not a DESI coadd or spectra file. "
        "It holds: PRIMARY, FIBERMAP, EXP_FIBERMAP, SCORES."
    )


def test_planes_of_another_shape_are_refused(make_coadd: MakeCoadd) -> None:
    path = make_coadd(arms=arms_of(3))

    def shorten(hdus: fits.HDUList) -> None:
        hdus["B_FLUX"].data = hdus["B_FLUX"].data[:2]

    edit(path, shorten)
    assert refusal(path) == (
        f"{path}: B_FLUX has shape (2, 5); FIBERMAP and B_WAVELENGTH say (3, 5)."
    )


def test_exposures_at_another_position_are_not_averaged(make_coadd: MakeCoadd) -> None:
    arms = arms_of(3)
    arms["b"][1][:] = [[1.0], [5.0], [9.0]]
    path = make_coadd(
        3,
        arms=arms,
        target_ids=np.array([7, 7, 7]),
        ra_deg=np.array([359.9999, 0.0001, 0.5]),
        dec_deg=np.zeros(3),
    )
    read = read_spectra_file(path)
    assert (read.rows.tolist(), read.skipped) == (
        [0],
        {"another position": 1, "further exposure": 1},
    )
    np.testing.assert_allclose(read.spectra[0].flux[:5], 3.0)


def test_a_file_without_masks_is_read(make_coadd: MakeCoadd) -> None:
    path = make_coadd(3)
    whole = read_spectra_file(path)
    edit(path, lambda hdus: [hdus.__delitem__(f"{arm}_MASK") for arm in "BRZ"])
    for without, having in zip(read_spectra_file(path).spectra, whole.spectra, strict=True):
        np.testing.assert_array_equal(without.flux, having.flux)
        np.testing.assert_array_equal(without.ivar, having.ivar)


def test_joined_arms_beside_their_arms_are_not_counted_again(make_coadd: MakeCoadd) -> None:
    path = make_coadd(2, arms={**arms_of(2), "r": arms_of(2)["b"], "z": arms_of(2)["b"]})
    whole = read_spectra_file(path)
    assert whole.spectra[0].ivar[:5].tolist() == [3.0] * 5
    for name in ("BRZ", "MODEL"):
        for plane in ("WAVELENGTH", "FLUX", "IVAR"):
            if (name, plane) != ("MODEL", "FLUX"):
                edit(path, lambda hdus, n=name, p=plane: hdus.append(copy_of(hdus, n, p)))
    assert read_spectra_file(path).spectra[0].ivar[:5].tolist() == [3.0] * 5


def copy_of(hdus: fits.HDUList, name: str, plane: str) -> fits.ImageHDU:
    return fits.ImageHDU(hdus[f"B_{plane}"].data, name=f"{name}_{plane}")


def test_other_units_are_converted_or_refused(make_coadd: MakeCoadd) -> None:
    path = make_coadd(1, arms=arms_of(1))

    def set_units(hdus: fits.HDUList, wavelength: str, flux: str, ivar: str) -> None:
        hdus["B_WAVELENGTH"].data = DESI_WAVELENGTH_ANGSTROM[:5] / 10
        hdus["B_WAVELENGTH"].header["BUNIT"] = wavelength
        hdus["B_FLUX"].header["BUNIT"], hdus["B_IVAR"].header["BUNIT"] = flux, ivar

    edit(
        path, lambda hdus: set_units(hdus, "nm", "1e-16 erg/s/cm2/A", "1e32 s2 cm4 Angstrom2/erg2")
    )
    spectrum = read_spectra_file(path).spectra[0]
    np.testing.assert_allclose(spectrum.flux[:5], 10.0, rtol=1e-6)
    np.testing.assert_allclose(spectrum.ivar[:5], 0.01, rtol=1e-6)
    edit(path, lambda hdus: hdus["B_IVAR"].header.remove("BUNIT"))
    np.testing.assert_allclose(read_spectra_file(path).spectra[0].ivar[:5], 0.01, rtol=1e-6)
    edit(path, lambda hdus: set_units(hdus, "nm", "Jy", ""))
    assert refusal(path) == (
        f"{path}: B_FLUX: BUNIT is 'Jy'; expected 10**-17 erg/(s cm2 Angstrom)."
    )


@pytest.mark.parametrize(("tform", "found"), [("8A", "<U1"), ("64X", "uint8, (8,) in each row")])
def test_a_fibermap_of_other_types_is_refused(
    make_coadd: MakeCoadd, tform: str, found: str
) -> None:
    path = make_coadd()
    content = Path(path).read_bytes()
    Path(path).write_bytes(content.replace(b"'K       '", f"'{tform:8}'".encode(), 1))
    message = refusal(path)
    assert message.startswith(f"{path}: FIBERMAP: column TARGETID is of type ")
    assert message.endswith("; expected integers, one value in each row.")


def test_rows_without_targetid_or_status_are_counted(make_coadd: MakeCoadd) -> None:
    path = make_coadd(3)

    def add_nulls(hdus: fits.HDUList) -> None:
        columns = hdus["FIBERMAP"].columns
        columns["TARGETID"].null, columns["COADD_FIBERSTATUS"].null = 1, 0

    edit(path, add_nulls)
    edit(path, lambda hdus: hdus["FIBERMAP"].data["COADD_FIBERSTATUS"].__setitem__(1, 8))
    read = read_spectra_file(path)
    assert (read.rows.tolist(), read.skipped) == ([1], {"no TARGETID": 1, "fibre status": 1})


def test_the_observed_group_is_that_of_the_header(make_coadd: MakeCoadd) -> None:
    assert read_spectra_index(make_coadd(1)).group == ObservedGroup(healpix=26065)


def test_damaged_files_raise_only_source_errors(make_coadd: MakeCoadd, tmp_path: Path) -> None:
    original = Path(make_coadd(2)).read_bytes()

    def read(content: bytes) -> None:
        (tmp_path / "changed.fits").write_bytes(content)
        read_spectra_file(str(tmp_path / "changed.fits"))

    assert_only_galsearch_errors(read, [original], copies=60)
    assert_only_galsearch_errors(read, [original], copies=60, damage=damaged_cards)
