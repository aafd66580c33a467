"""Nothing is fetched without being asked for; what is fetched can be ingested."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import ConfigError, StoreError
from galsearch.dataset.ingest.ingest_recipe import read_recipe
from galsearch.sources import write_redrock
from galsearch.sources.published.sample.fetch_sample import fetch_sample

FOLDER = "/edr/spectro/redux/fuji/healpix/sv3/dark/260/26065/"
N = 4


@pytest.fixture
def published(survey_server: Any, make_coadd: Callable[..., str], tmp_path: Path) -> dict[str, Any]:
    """The words with which the sample of a server of four galaxies is fetched."""
    magnitude = np.array([20.0, 18.0, 19.0, 17.0])
    fibermap = {"FLUX_R": (10 ** (-0.4 * (magnitude - 22.5))).astype(np.float32)}
    coadd = make_coadd(N, fibermap=fibermap, survey="sv3", program="dark")
    write_redrock(
        tmp_path / "redrock.fits",
        target_ids=np.arange(1, N + 1),
        z=np.full(N, 0.3),
        z_err=np.full(N, 1e-4),
        zwarn=np.array([0, 0, 0, 4]),
        spectype=np.array(["GALAXY", "GALAXY", "QSO", "GALAXY"]),
        deltachi2=np.full(N, 99.0),
    )
    for kind, path in {"coadd": Path(coadd), "redrock": tmp_path / "redrock.fits"}.items():
        survey_server.files[f"{FOLDER}{kind}-sv3-dark-26065.fits"] = path.read_bytes()
    survey_server.files["/cutout"] = b"SIMPLE  =" + bytes(5751)
    return {
        "desi_root": survey_server.url,
        "cutout_service": f"{survey_server.url}/cutout",
        "sleep": lambda _seconds: None,
    }


def test_nothing_is_fetched_by_default(
    published: dict[str, Any], survey_server: Any, tmp_path: Path
) -> None:
    out = tmp_path / "sample"
    sample = fetch_sample(out, **published)
    assert survey_server.requests == []
    assert not out.exists()
    assert len(sample.commands) == 3
    assert str(sample).splitlines() == [
        "# Nothing is fetched. These commands fetch the sample:",
        "# coadd-sv3-dark-26065.fits: size not known",
        sample.commands[0],
        "# redrock-sv3-dark-26065.fits: size not known",
        sample.commands[1],
        "# cutout-TARGETID.fits: 311 kB",
        sample.commands[2],
        "# The coadd has 446 kB for each spectrum. The last command is the form of those for 20",
        "# galaxies, whose TARGETID, RA and DEC are in FIBERMAP of the coadd.",
        "# Catalogue rows are FIBERMAP and REDSHIFTS of the two files of DESI: the",
        "# catalogue of the whole release, which has tens of GB, is not needed.",
    ]


def test_servers_are_asked_for_sizes_alone(
    published: dict[str, Any], survey_server: Any, tmp_path: Path
) -> None:
    sample = fetch_sample(tmp_path / "sample", sizes=True, **published)
    wanted = len(survey_server.files[f"{FOLDER}coadd-sv3-dark-26065.fits"])
    assert sample.files[0].n_bytes == wanted
    assert len(survey_server.requests) == 2
    assert not (tmp_path / "sample").exists()


def test_the_brightest_good_galaxies_are_fetched_and_an_interrupted_call_continues(
    published: dict[str, Any], survey_server: Any, tmp_path: Path
) -> None:
    out = tmp_path / "sample"
    survey_server.troubles["/cutout"] = [200, 404]
    with pytest.raises(StoreError, match="HTTP status 404"):
        fetch_sample(out, fetch=True, **published)
    shown = fetch_sample(out, **published)
    assert [path.path.name for path in shown.files] == [
        "coadd-sv3-dark-26065.fits",
        "redrock-sv3-dark-26065.fits",
        "cutout-2.fits",
        "cutout-1.fits",
    ]
    assert len(shown.commands) == 1
    assert "ra=150.0000000&dec=2.2000000" in shown.commands[0]
    sample = fetch_sample(out, fetch=True, **published)
    assert str(sample).endswith(
        f"1 of them fetched now. The recipe {out / 'ingest.toml'} pairs them."
    )
    assert survey_server.count(f"{FOLDER}coadd-sv3-dark-26065.fits") == 1
    assert fetch_sample(out, fetch=True, **published).n_fetched == 0
    recipe = read_recipe(out / "ingest.toml")
    assert recipe.name == "sv3-dark-26065"
    assert {path.name for path in out.glob("cutouts/ls-dr9/*")} == {
        "cutout-1.fits",
        "cutout-2.fits",
    }


def test_a_pixel_without_files_is_an_error(
    published: dict[str, Any], survey_server: Any, tmp_path: Path
) -> None:
    with pytest.raises(StoreError) as caught:
        fetch_sample(tmp_path / "sample", healpix=5, fetch=True, **published)
    assert str(caught.value) == (
        f"{survey_server.url}/edr/spectro/redux/fuji/healpix/sv3/dark/0/5/coadd-sv3-dark-5.fits: "
        "the server answers with HTTP status 404."
    )


def test_a_negative_number_of_cutouts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        fetch_sample(tmp_path, n_cutouts=-1)
    assert str(caught.value) == "n_cutouts = -1 is less than 0."
