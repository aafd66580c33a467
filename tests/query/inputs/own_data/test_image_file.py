"""Files of images of every kind, and files of something else."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from galsearch.core.errors import QueryError, SourceError
from galsearch.core.rgb import legacy_rgb
from galsearch.query.inputs.own_data.image_file import read_image_file
from galsearch.query.inputs.own_data.own_image import read_own_image
from tests.query.inputs.own_data.own_files import galaxy, write_galaxy, write_sdss


def write_brick(folder: Path, band: str, flux: np.ndarray) -> Path:
    header = fits.Header()
    ny, nx = flux.shape
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CRVAL1"], header["CRVAL2"] = 7.0, 0.0
    header["CRPIX1"], header["CRPIX2"] = (nx + 1) / 2, (ny + 1) / 2
    header["CD1_1"], header["CD2_2"] = -0.262 / 3600, 0.262 / 3600
    header["CD1_2"], header["CD2_1"] = 0.0, 0.0
    path = folder / f"legacysurvey-0070p000-image-{band}.fits.fz"
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(flux.astype(">f4"), header)])
    hdus.writeto(path, overwrite=True)
    return path


def test_a_brick_gives_the_galaxy_at_a_position_in_all_its_bands(tmp_path: Path) -> None:
    flux = np.random.default_rng(1).normal(size=(2, 400, 300))
    path = write_brick(tmp_path, "g", flux[0])
    write_brick(tmp_path, "r", flux[1])
    position = np.array([[7.0, 10 * 0.262 / 3600]])
    own = read_own_image(path, position=position)
    np.testing.assert_array_equal(own.cutout.flux[:2, 76, 76], flux[:, 210, 150].astype(np.float32))
    assert own.notes[0] == f"{path} has no z: the embedding lacks its colours."
    with pytest.raises(QueryError) as caught:
        read_own_image(path)
    assert str(caught.value) == (
        f"{path} is the image of a brick, which shows many galaxies; a position says which."
    )
    with pytest.raises(QueryError) as caught:
        read_own_image(path, position=np.array([[7.5, 0.0]]))
    assert str(caught.value) == (
        f"RA 7.50000, Dec +0.00000 is outside {path}, which shows 0.022 degrees about RA 7.00000, "
        "Dec +0.00000."
    )


def test_a_picture_of_the_viewer_gives_the_flux_back(tmp_path: Path) -> None:
    flux = galaxy()
    colours = (legacy_rgb(flux) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)[::-1]
    for name in ("a.png", "a.jpg"):
        path = tmp_path / name
        Image.fromarray(np.ascontiguousarray(colours)).save(path, quality=95)
        read = read_image_file(str(path), position=None, pixel_scale=None)
        centre = (slice(None), slice(56, 96), slice(56, 96))
        total = read.cutout.flux[centre].sum(axis=(1, 2))
        np.testing.assert_allclose(total, flux[centre].sum(axis=(1, 2)), rtol=0.05)
        assert not read.has_position
        assert read.notes == (
            f"{path} is a picture: its flux comes from colours of 8 bits in the stretch of the "
            "Legacy Surveys viewer, so the embedding is not exact.",
            f"{path} states no pixel scale; 0.262 arcsec is assumed.",
        )


def test_a_picture_whose_sky_is_clipped_to_black_is_read_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    colours = (legacy_rgb(galaxy()) * 255 - 60).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
    Image.fromarray(np.ascontiguousarray(colours)).save(path)
    assert (colours == 0).all(axis=2).mean() > 0.7
    (note,) = [note for note in read_own_image(path).notes if "few colours" in note]
    assert note.startswith(f"{path} has one of eight colours in ")
    assert note.endswith(
        " per cent of its pixels, few colours: strongly compressed, its sky clipped to black, "
        "partly blank, or a drawing."
    )


def test_a_unit_of_flux_is_converted_and_noted(tmp_path: Path) -> None:
    path = write_galaxy(tmp_path / "a.fits", galaxy())
    fits.setval(path, "BUNIT", value="uJy")
    own = read_own_image(path)
    assert own.notes[0] == f"{path} is in uJy; its flux was converted to nanomaggies."
    np.testing.assert_allclose(own.cutout.flux.sum(), 60 * 0.2754, rtol=0.1)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    text, table = tmp_path / "a.txt", tmp_path / "empty.fits"
    text.write_text("no such layer")
    fits.HDUList([fits.PrimaryHDU()]).writeto(table)
    spectrum = write_sdss(tmp_path / "spec.fits")
    cutout = write_galaxy(tmp_path / "cutout.fits", galaxy())
    numbers = tmp_path / "a.npy"
    numbers.write_bytes(b"SIMPLE  = T")
    fits.setval(cutout, "BUNIT", value="mag")
    for path, message in {
        tmp_path / "none.fits": "no such file.",
        tmp_path: "a directory; expected an image file.",
        text: "not a FITS file: it is text that begins 'no such layer'.",
        table: "not a cutout: the primary HDU has 0 axes and no other HDU holds an image; expected "
        "a cube (bands, ny, nx) or one plane. HDUs: PRIMARY.",
        spectrum: "a spectrum of SDSS, not an image; it is a query of the other modality, "
        "spectrum.",
        cutout: "the unit of the image is 'mag' (card BUNIT), which cannot be converted to "
        "nanomaggies per pixel.",
        numbers: "not a NumPy array: it is a FITS file.",
    }.items():
        with pytest.raises(SourceError) as caught:
            read_own_image(path)
        assert str(caught.value) == f"{path}: {message}"


def test_a_pixel_scale_of_a_fits_file_is_refused(tmp_path: Path) -> None:
    path = write_galaxy(tmp_path / "a.fits", galaxy())
    with pytest.raises(QueryError) as caught:
        read_own_image(path, pixel_scale=0.3)
    assert str(caught.value) == (
        f"pixel_scale is given for {path}; expected it for a picture or an array, since a FITS "
        "file states its own."
    )
