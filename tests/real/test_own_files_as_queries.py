"""Real files of surveys as queries: SDSS and DESI spectra, cutouts, bricks, and viewer JPEGs."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import QueryError, SourceError
from galsearch.core.target_id import TargetId
from galsearch.encoders import EncoderPair, load
from galsearch.query import Query, open_index
from galsearch.query.inputs.own_data.own_image import read_own_image
from galsearch.query.inputs.own_data.own_spectrum import read_own_spectrum
from galsearch.sources.legacy_surveys.viewer_picture import read_viewer_picture


@pytest.fixture(scope="module")
def encoders() -> EncoderPair:
    return load()


def image_vector(encoders: EncoderPair, path: Path, **words: Any) -> np.ndarray:
    cutout = read_own_image(path, **words).cutout
    return encoders.image.embed(cutout.flux[None], np.asarray(cutout.mask)[None])[0]


def spectrum_vector(encoders: EncoderPair, path: Path) -> np.ndarray:
    own = read_own_spectrum(path).spectrum
    return encoders.spectrum.embed(own.flux[None], own.ivar[None], np.asarray(own.mask)[None])[0]


def test_one_galaxy_at_two_pixel_scales_has_one_embedding(
    real: Path, encoders: EncoderPair
) -> None:
    native = image_vector(encoders, real / "ls-fits-cutouts/d33102_temp_small.fits")
    fine = image_vector(encoders, real / "ls-fits-cutouts/ba79bb_example_a.fits")
    others = [
        image_vector(encoders, real / f"ls-fits-cutouts/{name}.fits")
        for name in ("457431_example_b", "4989d6_example_c", "737ac3_example_c")
    ]
    assert native @ fine > 0.9
    assert native @ fine > max(float(native @ other) for other in others)


def test_repeated_visits_of_sdss_are_nearest_to_each_other(
    real: Path, encoders: EncoderPair
) -> None:
    with (real / "sdss-spectra/index.csv").open() as file:
        rows = [
            row for row in csv.DictReader(file) if (real / "sdss-spectra" / row["file"]).is_file()
        ]
    repeats = [row["file"] for row in rows if row["file"].startswith("spec-0412")]
    others = ["spec-0266-51630-0168.fits", "spec-0280-51612-0117.fits", "spec-1599-53089-0469.fits"]
    vectors = [
        spectrum_vector(encoders, real / "sdss-spectra" / name) for name in [*repeats[1:6], *others]
    ]
    cosines = np.array(vectors) @ np.array(vectors).T
    assert cosines[:5, :5].min() > cosines[:5, 5:].max()


def test_a_spectrum_without_light_is_refused(real: Path) -> None:
    path = real / "sdss-spectra/spec-0269-51581-0003.fits"
    with pytest.raises((QueryError, SourceError, ValueError)) as caught:
        read_own_spectrum(path)
    assert str(caught.value).startswith(f"{path} has ")
    assert "none of them measured" in str(caught.value)


def test_a_desi_coadd_needs_a_target_and_says_which_it_has(real: Path) -> None:
    path = real / "desi-specutils/coadd-sv3-dark-26065.fits"
    with pytest.raises(QueryError) as caught:
        Query(spectrum=path)
    assert str(caught.value) == (
        f"{path} has spectra of 2 galaxies (39627866878511337, 39627866878514741); a TARGETID says "
        "which."
    )
    query = Query(39627866878511337, spectrum=path)
    assert query.spectrum is not None
    assert query.spectrum.target_id == TargetId(39627866878511337)


def test_the_picture_of_a_galaxy_finds_its_spectrum_better_than_chance(
    real: Path, encoders: EncoderPair
) -> None:
    """Ten pairs: the viewer JPEG at 0.1 arcsec, named by the object of the SDSS spectrum."""
    from astropy.io import fits

    folder = real / "pairs-sdss-ls"
    images, spectra = [], []
    for path in sorted(folder.glob("spec-*.fits")):
        name = str(fits.getdata(path, 2)["BESTOBJID"][0]).strip()
        images.append(image_vector(encoders, folder / f"{name}.jpeg", pixel_scale=0.1))
        spectra.append(spectrum_vector(encoders, path))
    cosines = np.array(images) @ np.array(spectra).T
    ranks = (cosines > np.diag(cosines)[:, None]).sum(axis=1)
    # By chance the mean rank among ten is 4.5.
    assert len(ranks) == 10
    assert ranks.mean() < 3.5


def test_a_brick_shows_what_it_covers(real: Path) -> None:
    path = real / "ls-brick-dr6/legacysurvey-0959p805-image-g.fits.fz"
    own = read_own_image(path, position=np.array([[96.3825, 80.4793]]))
    assert own.notes[0] == f"{path} has no r and z: the embedding lacks its colours."
    with pytest.raises(QueryError) as caught:
        read_own_image(path, position=np.array([[150.1, 2.2]]))
    assert str(caught.value).startswith(
        f"RA 150.10000, Dec +2.20000 is outside {path}, which shows "
    )


def test_real_files_are_queries_of_an_index(real: Path, demonstration: Any) -> None:
    engine = open_index(demonstration.home / "index_builds" / "demo")
    image = engine.query(image=real / "ls-fits-cutouts/ba79bb_example_a.fits", k=3)
    assert len(image) == 3
    assert image.notes[0].endswith(
        "has pixels of 0.1 arcsec; it was resampled to 0.262 with its flux conserved."
    )
    for among in ("image", "spectrum", "both"):
        path = real / "sdss-galaxy-spectra/spec-0528-52022-0137.fits"
        assert len(engine.query(spectrum=path, among=among, k=3)) == 3
    jpeg = next((real / "ls-zoobot-jpg").glob("*.jpg"))
    assert len(engine.query(image=jpeg, k=3).notes) >= 2


def test_real_pictures_are_images_and_a_real_plot_is_none(real: Path) -> None:
    pictures = sorted(real.glob("ls-zoobot-jpg/*.jpg"))[::12]
    pictures += [*real.glob("pairs-desi-ls/*.png"), *real.glob("pairs-sdss-ls/*.jpeg")]
    assert len(pictures) > 40
    for path in pictures:
        picture = read_viewer_picture(path)
        assert picture.has_dark_edge, path
        assert not picture.has_few_colours, path
    (plot,) = real.glob("desi-fastspecfit/fastspec-*.png")
    with pytest.raises(SourceError) as caught:
        read_own_image(plot)
    assert str(caught.value) == (
        f"{plot}: its edge is bright and 90 per cent of its 2400 x 1800 pixels have one of 8 "
        "colours, as in a plot or a page; expected a picture of a galaxy, with dark sky at its "
        "edge."
    )
