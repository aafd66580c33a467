"""Addresses of the files of a sample, as DESI and the Legacy Surveys publish them."""

from pathlib import Path

import pytest

from galsearch.core.errors import ConfigError
from galsearch.sources.published.sample.sample_files import SamplePlace


def test_the_files_of_a_pixel() -> None:
    coadd, redrock = SamplePlace().spectra(Path("sample"))
    folder = "https://data.desi.lbl.gov/public/edr/spectro/redux/fuji/healpix/sv3/dark/260/26065/"
    assert coadd.url == f"{folder}coadd-sv3-dark-26065.fits"
    assert redrock.url == f"{folder}redrock-sv3-dark-26065.fits"
    assert coadd.path == Path("sample/edr/fuji/coadd-sv3-dark-26065.fits")
    assert coadd.command() == (
        "mkdir -p sample/edr/fuji && curl -f -o sample/edr/fuji/coadd-sv3-dark-26065.fits "
        f"'{coadd.url}'"
    )
    other = SamplePlace(release="dr2", reduction="loa", survey="main", healpix=99)
    assert "/dr2/spectro/redux/loa/healpix/main/dark/0/99/coadd-" in other.spectra(Path())[0].url


def test_a_cutout(real: Path) -> None:
    place = SamplePlace(size=424)
    cutout = place.cutout(Path("a b"), 5, "150.1", "2.2")
    assert cutout.url == (
        "https://www.legacysurvey.org/viewer/fits-cutout?ra=150.1&dec=2.2&layer=ls-dr9"
        "&pixscale=0.262&bands=grz&size=424"
    )
    assert "-o 'a b/cutouts/ls-dr9/cutout-5.fits'" in cutout.command()
    sizes = {path.stat().st_size for path in (real / "ls-fits-cutouts").glob("*.fits")}
    predicted = {SamplePlace(size=size).cutout_bytes for size in (162, 225, 424)}
    assert predicted == sizes, "those of real cutouts of these sides and three bands"


def test_what_is_not_possible_is_listed() -> None:
    with pytest.raises(ConfigError) as caught:
        SamplePlace(release="dr9", healpix=-1, size=1000)
    assert str(caught.value) == (
        "healpix = -1 is not within 0 .. 49151. size = 1000 is not within 1 .. 512. "
        "release = 'dr9' needs reduction, such as 'iron' for 'dr1'."
    )
    with pytest.raises(ConfigError, match="not all words"):
        SamplePlace(layer="ls-dr9&x=1")
    with pytest.raises(ConfigError, match="not all words"):
        SamplePlace(reduction="../../elsewhere")
