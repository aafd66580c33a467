"""A written coadd has the format of DESI."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.core.target_id import TargetIdParts, encode_target_id

MakeCoadd = Callable[..., str]


def arms_of(n: int) -> dict[str, list[np.ndarray]]:
    shape = (n, 5)
    ones = [np.ones(shape, "f4"), np.ones(shape, "f4"), np.zeros(shape, "i4")]
    return {"b": [DESI_WAVELENGTH_ANGSTROM[:5], *ones]}


def test_the_same_spectra_make_the_same_bytes(make_coadd: MakeCoadd) -> None:
    first, second = make_coadd(name="a.fits"), make_coadd(name="b.fits")
    assert Path(first).read_bytes() == Path(second).read_bytes()


def test_a_coadd_has_the_format_of_desi(make_coadd: MakeCoadd) -> None:
    target = int(encode_target_id(TargetIdParts(2657, 607466, 9011, mock=True, sky=False)))
    arms = arms_of(1)
    path = make_coadd(
        1,
        arms=arms,
        target_ids=np.array([target]),
        ra_deg=np.array([105.48977]),
        dec_deg=np.array([56.6693]),
    )
    with fits.open(path) as hdus:
        names = [hdu.name for hdu in hdus]
        assert names[:3] == ["PRIMARY", "FIBERMAP", "EXP_FIBERMAP"]
        assert names[3:] == ["B_WAVELENGTH", "B_FLUX", "B_IVAR", "B_MASK", "SCORES"]
        cards = {key: hdus[0].header[key] for key in ("SPGRP", "HPXPIXEL", "HPXNSIDE", "HPXNEST")}
        assert cards == {"SPGRP": "healpix", "HPXPIXEL": 26065, "HPXNSIDE": 64, "HPXNEST": True}
        assert hdus["B_WAVELENGTH"].data.dtype == ">f8"
        assert (hdus["B_FLUX"].data.dtype, hdus["B_MASK"].data.dtype) == (">f4", ">i4")
        assert hdus["B_FLUX"].header["BUNIT"] == "10**-17 erg/(s cm2 Angstrom)"
        row = hdus["FIBERMAP"].data[0]
        assert (row["RELEASE"], row["BRICKID"], row["BRICK_OBJID"]) == (9011, 607466, 2657)
        assert (row["BRICKNAME"], row["OBJTYPE"]) == ("1054p567", "TGT")
        scores = hdus["SCORES"].data[0]
        assert scores["INTEG_COADD_FLUX_B"] == pytest.approx(4.0)
        assert scores["MEDIAN_COADD_SNR_B"] == 1.0


def test_a_coadd_whose_shapes_disagree_is_not_written(
    make_coadd: MakeCoadd, tmp_path: Path
) -> None:
    with pytest.raises(SourceError) as caught:
        make_coadd(2, arms=arms_of(3))
    assert str(caught.value) == (
        f"{tmp_path}/coadd.fits: flux, ivar and mask of arm b must have shape (2, 5) (targets, "
        "wavelengths), found (3, 5), (3, 5), (3, 5). Nothing was written."
    )
    assert list(tmp_path.iterdir()) == []
