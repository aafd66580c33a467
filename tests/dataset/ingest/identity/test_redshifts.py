"""A spectrum has the redshift that was fitted to it, or the best other fit of its TARGETID."""

import shutil

import numpy as np
import pytest

from galsearch.core.errors import IngestError
from galsearch.dataset import open_dataset
from galsearch.dataset.ingest.identity.redshifts import SpectrumOrigin, redshifts_of
from galsearch.dataset.ingest.run import ingest
from galsearch.sources.desi.observed_group import ObservedGroup
from galsearch.sources.desi.redrock import Redshifts
from tests.dataset.conftest import column

SEVERAL = "redshift: one of several that the files state for the spectrum"
OTHER = "redshift: fitted to another spectrum of the TARGETID, or not known to which"


def test_another_fit_without_warning_is_used_where_the_own_fit_is_missing(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6], [1.0, 2.0], [0.0, 0.0])
    survey.redrock("sv1-dark-1", [5], [0.4], zwarn=4)
    survey.redrock("sv3-dark-1", [5], [0.5])
    report = ingest(survey.recipe(cutouts=False, redshifts=True), tmp_path / "out")
    assert column(open_dataset(tmp_path / "out"), "z") == {5: 0.5, 6: None}
    assert report.noted == {OTHER: 1, SEVERAL: 1}


def test_a_redrock_file_without_rows_is_no_obstacle(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [1.0], [0.0])
    survey.redrock("main-bright-1", [], [])
    survey.redrock("sv3-dark-1", [5], [0.5])
    ingest(survey.recipe(cutouts=False, redshifts=True), tmp_path / "out")
    assert column(open_dataset(tmp_path / "out"), "z") == {5: 0.5}


class TwoReleases:
    """One coadd name in two releases, each with its own redrock file, in any folders."""

    def __init__(self, survey):
        self.survey = survey

    def add(self, coadds, redrocks, *, z, ivar):
        name = "sv3-dark-26065"
        self.survey.coadd(name, [5], [1.0], [0.0], ivar=ivar)
        self.survey.redrock(name, [5], [z])
        for kind, folder in (("coadd", coadds), ("redrock", redrocks)):
            source = self.survey.root / f"spectra/{kind}-{name}.fits"
            if folder is None:
                source.unlink()
                continue
            target = self.survey.root / folder / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)

    def ingest(self, out):
        path = self.survey.root / "r.toml"
        path.write_text(
            'name = "x"\n[spectra]\nfiles = ["**/coadd-*"]\nredshifts = ["**/redrock-*"]\n'
        )
        report = ingest(path, out)
        return column(open_dataset(out), "z")[5], report


@pytest.fixture
def releases(survey):
    return TwoReleases(survey)


@pytest.mark.parametrize("deep", ["fuji", "iron"])
@pytest.mark.parametrize(
    ("coadds", "redrocks"), [("{}", "{}"), ("c/{}", "r/{}"), ("{}/c/1", "{}/r")]
)
def test_of_two_releases_a_spectrum_has_the_redshift_of_its_own(
    releases, tmp_path, deep, coadds, redrocks
):
    for name, z in (("fuji", 0.6), ("iron", 0.1)):
        ivar = 9.0 if name == deep else 1.0
        releases.add(coadds.format(name), redrocks.format(name), z=z, ivar=ivar)
    z, report = releases.ingest(tmp_path / "out")
    assert z == {"fuji": 0.6, "iron": 0.1}[deep]
    assert report.noted == {}
    assert report.dropped == {
        "spectrum: coadd of the same name in another folder, of smaller ivar": 1
    }


def test_the_fit_of_another_release_is_counted(releases, tmp_path):
    releases.add("fuji", None, z=0.6, ivar=9.0)
    releases.add("iron", "iron", z=0.1, ivar=1.0)
    z, report = releases.ingest(tmp_path / "out")
    assert z == 0.1
    assert report.noted == {OTHER: 1}


def test_two_redrock_files_that_could_both_be_the_own_one_are_an_error(releases, tmp_path):
    releases.add("mine", "a", z=0.6, ivar=9.0)
    releases.add("mine", "b", z=0.1, ivar=9.0)
    root = releases.survey.root
    with pytest.raises(IngestError) as caught:
        releases.ingest(tmp_path / "out")
    name = "sv3-dark-26065.fits"
    assert str(caught.value) == (
        f"{root}/mine/coadd-{name}: its redrock file may be {root}/a/redrock-{name} or "
        f"{root}/b/redrock-{name}; their redshifts of TARGETID 5 are 0.6 and 0.1. Put the right "
        "one beside the coadd, or name it alone."
    )


def test_releases_side_by_side_are_counted(survey, tmp_path):
    for name, target in (("fuji", 5), ("iron", 6)):
        survey.coadd(f"main-{name}", [target], [float(target)], [0.0])
        folder = survey.root / name
        folder.mkdir()
        shutil.move(survey.root / f"spectra/coadd-main-{name}.fits", folder)
    path = survey.root / "r.toml"
    path.write_text('name = "x"\n[spectra]\nfiles = ["*/coadd-*"]\n')
    report = ingest(path, tmp_path / "out")
    assert report.noted == {
        "spectrum: from the release fuji": 1,
        "spectrum: from the release iron": 1,
    }
    assert "noted 1, spectrum: from the release fuji\n" in str(report)


def test_the_fit_to_another_reduction_is_counted_whatever_the_folders_are_called(
    releases, tmp_path
):
    releases.add("a", None, z=0.6, ivar=9.0)
    releases.add("b", "b", z=0.1, ivar=1.0)
    z, report = releases.ingest(tmp_path / "out")
    assert (z, report.noted) == (0.1, {OTHER: 1})


def test_of_several_fits_to_one_spectrum_one_without_a_warning_is_taken_and_counted(
    survey, tmp_path
):
    survey.coadd("main-bright-1", [5, 6], [1.0, 2.0], [0.0, 0.0])
    survey.redrock("main-bright-1", [5, 5, 6], [0.4, 0.5, 0.6], zwarn=[4, 0, 0])
    report = ingest(survey.recipe(cutouts=False, redshifts=True), tmp_path / "out")
    assert column(open_dataset(tmp_path / "out"), "z") == {5: 0.5, 6: 0.6}
    assert report.noted == {SEVERAL: 1}


def fits_of(ids, **columns):
    n = len(ids)
    unknown = {
        "z_err": np.full(n, np.nan),
        "zwarn": np.ma.masked_all(n, np.int64),
        "spectype": np.full(n, ""),
        "deltachi2": np.full(n, np.nan),
        "survey": np.full(n, ""),
        "program": np.full(n, ""),
        **{name: np.full(n, -1) for name in ("healpix", "tile", "night")},
        "is_primary": np.ones(n, bool),
    }
    given = {name: np.array(values) for name, values in columns.items()}
    return Redshifts(target_ids=np.array(ids), **{**unknown, **given})


def test_a_catalogue_gives_the_row_of_the_survey_program_and_pixel_of_the_spectrum():
    spectra = SpectrumOrigin(
        target_ids=np.array([5, 6, 7]),
        file_numbers=np.array([0, 0, 0]),
        urls=("iron/coadd-main-bright-1.fits",),
        survey=np.full(3, "main"),
        program=np.full(3, "bright"),
        groups=(ObservedGroup(healpix=1),),
        at_several_positions=np.array([7]),
    )
    table = fits_of(
        [5, 5, 5, 6, 6, 7],
        z=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        survey=["sv3", "main", "main", "sv3", "sv3", "sv3"],
        program=["bright", "BRIGHT", "bright", "dark", "bright", "dark"],
        healpix=[1, 1, 2, 1, 1, 1],
        is_primary=[True, False, True, False, True, True],
    )
    found = redshifts_of(spectra, [("iron/zall-pix-iron.fits", table)])
    np.testing.assert_array_equal(found.columns["z"], [0.2, 0.5, np.nan])
    assert found.columns["zwarn"].tolist() == [None, None, None]
    assert found.columns["spectype"].tolist() == [None, None, None]
    assert found.is_other.tolist() == [False, True, False]
    other = redshifts_of(spectra, [("fuji/zall-pix-fuji.fits", table)])
    assert other.is_other.tolist() == [True, True, False], "of another release"


TILE = ObservedGroup(tile=80613, night=20210324)
PIXEL = ObservedGroup(healpix=17)


@pytest.mark.parametrize(
    ("group", "survey", "fit", "is_own"),
    [
        (TILE, "", {"tile": [80613], "night": [20210324]}, True),
        (TILE, "", {"tile": [80613]}, True),
        (TILE, "sv1", {"tile": [80613], "survey": ["sv1"], "program": ["dark"]}, True),
        (TILE, "sv1", {"tile": [80613], "survey": ["sv3"], "program": ["dark"]}, False),
        (TILE, "", {"tile": [80613], "night": [20210325]}, False),
        (TILE, "", {"tile": [80614], "night": [20210324]}, False),
        (TILE, "sv1", {"survey": ["sv1"], "program": ["dark"]}, True),
        (TILE, "sv1", {"survey": ["sv1"], "program": ["dark"], "healpix": [17]}, False),
        (PIXEL, "sv1", {"survey": ["sv1"], "program": ["dark"], "healpix": [17]}, True),
        (PIXEL, "sv1", {"survey": ["sv1"], "program": ["dark"], "tile": [80613]}, False),
        (PIXEL, "", {"healpix": [17]}, False),
        (ObservedGroup(), "sv1", {"survey": ["sv1"], "program": ["dark"], "tile": [80613]}, True),
    ],
)
def test_a_fit_belongs_to_the_coadd_of_its_pixel_or_tile(group, survey, fit, is_own):
    spectra = SpectrumOrigin(
        target_ids=np.array([5]),
        file_numbers=np.array([0]),
        urls=("a/mine.fits",),
        survey=np.array([survey]),
        program=np.array(["dark" if survey else ""]),
        groups=(group,),
        at_several_positions=np.array([], np.int64),
    )
    better = fits_of([5], z=[0.9], zwarn=[0])
    found = redshifts_of(
        spectra, [("b/z.fits", better), ("c/z.fits", fits_of([5], z=[0.1], **fit))]
    )
    assert found.is_other.tolist() == [not is_own]
    assert found.columns["z"].tolist() == [0.1 if is_own else 0.9]


def test_redrock_files_of_no_spectrum_are_counted(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [1.0], [0.0])
    survey.redrock("main-bright-1", [5], [0.4])
    survey.redrock("main-bright-2", [6], [0.5])
    report = ingest(survey.recipe(cutouts=False, redshifts=True), tmp_path / "out")
    assert report.noted == {"file: redshifts of none of the spectra": 1}
