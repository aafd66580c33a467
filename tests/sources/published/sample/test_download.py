"""A file is complete FITS or absent; servers that fail for a while are asked again."""

import socket
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import SourceError, StoreError
from galsearch.sources.published.sample.download import download_fits, size_on_server

FITS = b"SIMPLE  =                    T" + bytes(3_000_000)


def test_a_file_is_fetched_whole(survey_server: Any, tmp_path: Path) -> None:
    survey_server.files["/a.fits"] = FITS
    path = tmp_path / "deep" / "a.fits"
    assert size_on_server(f"{survey_server.url}/a.fits") == len(FITS)
    assert download_fits(f"{survey_server.url}/a.fits", path) == len(FITS)
    assert path.read_bytes() == FITS


@pytest.mark.parametrize("troubles", [[503], [429, 500, 502], [0, 0]])
def test_passing_troubles_are_outlasted(
    troubles: list[int], survey_server: Any, tmp_path: Path
) -> None:
    survey_server.files["/a.fits"] = FITS
    survey_server.troubles["/a.fits"] = list(troubles)
    pauses: list[float] = []
    download_fits(f"{survey_server.url}/a.fits", tmp_path / "a.fits", sleep=pauses.append)
    assert (tmp_path / "a.fits").read_bytes() == FITS
    assert pauses == [2.0, 10.0, 30.0][: len(troubles)]


def test_a_server_that_goes_on_failing_is_given_up(survey_server: Any, tmp_path: Path) -> None:
    survey_server.files["/a.fits"] = FITS
    for troubles, problem in (([503] * 4, "HTTP status 503"), ([0] * 4, "IncompleteRead")):
        survey_server.troubles["/a.fits"] = troubles
        url = f"{survey_server.url}/a.fits"
        with pytest.raises(StoreError) as caught:
            download_fits(url, tmp_path / "a.fits", sleep=lambda _s: None)
        assert str(caught.value).startswith(f"{url}: cannot be fetched after 4 attempts ({problem}")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [404, 403])
def test_a_file_that_is_not_there_is_not_asked_for_again(
    status: int, survey_server: Any, tmp_path: Path
) -> None:
    survey_server.troubles["/a.fits"] = [status] * 4
    url = f"{survey_server.url}/a.fits"
    with pytest.raises(StoreError) as caught:
        download_fits(url, tmp_path / "a.fits")
    assert str(caught.value) == f"{url}: the server answers with HTTP status {status}."
    assert survey_server.count("/a.fits") == 1
    assert size_on_server(f"{survey_server.url}/b.fits") is None


def test_another_content_is_shown(survey_server: Any, tmp_path: Path) -> None:
    survey_server.files["/cut"] = b"no such layer"
    url = f"{survey_server.url}/cut"
    with pytest.raises(SourceError) as caught:
        download_fits(url, tmp_path / "a.fits")
    assert str(caught.value) == f"{url}: the server sends no FITS file, but 'no such layer'."
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_away_and_other_protocols(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/a.fits"
    with pytest.raises(StoreError, match="after 4 attempts"):
        download_fits(url, tmp_path / "a.fits", sleep=lambda _s: None)
    assert size_on_server(url) is None
    with pytest.raises(SourceError) as caught:
        download_fits("file:///etc/passwd", tmp_path / "a.fits")
    assert str(caught.value) == "file:///etc/passwd: is no URL with http or https."
