"""Files are opened by path, URL or glob; missing ones are reported."""

import gzip
import sys
from pathlib import Path

import fsspec
import pytest

from galsearch.core.errors import MissingExtraError, SourceError
from galsearch.sources.urls import expand_urls, open_url


@pytest.fixture
def memory() -> fsspec.AbstractFileSystem:
    """An empty object store in memory."""
    store = fsspec.filesystem("memory")
    store.store.clear()
    return store


def read(url: str) -> bytes:
    with open_url(url) as file:
        return file.read()


def test_a_path_a_file_url_and_an_object_store_give_the_same_bytes(
    tmp_path: Path, memory: fsspec.AbstractFileSystem
) -> None:
    (tmp_path / "a.fits").write_bytes(b"sky")
    memory.pipe("/deep/a.fits", b"sky")
    for url in (str(tmp_path / "a.fits"), f"file://{tmp_path}/a.fits", "memory://deep/a.fits"):
        assert read(url) == b"sky"


def test_gzip_is_decompressed(tmp_path: Path) -> None:
    (tmp_path / "a.fits.gz").write_bytes(gzip.compress(b"sky"))
    assert read(str(tmp_path / "a.fits.gz")) == b"sky"


def test_truncated_gzip_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.fits.gz"
    path.write_bytes(gzip.compress(b"sky" * 1000)[:-12])
    with pytest.raises(SourceError) as caught:
        read(str(path))
    assert str(caught.value) == (
        f"{path}: cannot be read (EOFError: Compressed file ended before the end-of-stream "
        "marker was reached)."
    )


@pytest.mark.parametrize("url", ["nowhere/a.fits", "file:///nowhere/a.fits", "memory://no/a.fits"])
def test_a_missing_file_is_named(url: str, memory: fsspec.AbstractFileSystem) -> None:
    with pytest.raises(SourceError) as caught:
        read(url)
    assert str(caught.value) == f"{url}: no such file."


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}: is a directory; expected a file."


def test_an_unknown_protocol_is_an_error() -> None:
    with pytest.raises(SourceError) as caught:
        read("gopher://sky/a.fits")
    assert str(caught.value) == (
        "gopher://sky/a.fits: cannot be read (ValueError: Protocol not known: gopher)."
    )


def test_a_missing_package_of_an_object_store_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtraError) as caught:
        read("s3://desidata/a.fits")
    assert str(caught.value) == (
        "s3://desidata/a.fits: cannot be read (Install s3fs to access S3). "
        "The package is part of the extra galsearch[cloud]."
    )


def test_a_file_that_fails_during_reading_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.fits").write_bytes(b"sky")
    with pytest.raises(SourceError) as caught, open_url(str(tmp_path / "a.fits")):
        raise ConnectionResetError("gone")
    assert str(caught.value) == (f"{tmp_path}/a.fits: cannot be read (ConnectionResetError: gone).")


def test_a_glob_finds_files_at_any_depth_in_order(
    tmp_path: Path, memory: fsspec.AbstractFileSystem
) -> None:
    for name in ("b/c/coadd-2.fits", "a/coadd-1.fits", "a/redrock-1.fits"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
        memory.pipe(f"/{name}", b"")
    expected = [str(tmp_path / "a/coadd-1.fits"), str(tmp_path / "b/c/coadd-2.fits")]
    assert expand_urls("**/coadd-*.fits", base=tmp_path) == expected
    assert expand_urls(f"{tmp_path}/**/coadd-*.fits") == expected
    assert expand_urls(f"file://{tmp_path}/**/coadd-*.fits") == [f"file://{p}" for p in expected]
    in_store = expand_urls("memory://**/coadd-*.fits")
    assert in_store == ["memory:///a/coadd-1.fits", "memory:///b/c/coadd-2.fits"]
    assert read(in_store[0]) == b""
    assert expand_urls("memory://a/coadd-1.fits") == ["memory:///a/coadd-1.fits"]


def test_an_http_url_is_one_file_even_with_wildcards() -> None:
    url = "https://www.legacysurvey.org/viewer/fits-cutout?ra=1&dec=2&bands=grz"
    assert expand_urls(url) == [url]


def test_a_pattern_without_files_is_an_error(
    tmp_path: Path, memory: fsspec.AbstractFileSystem
) -> None:
    with pytest.raises(SourceError) as caught:
        expand_urls("coadd-*.fits", base=tmp_path)
    assert str(caught.value) == (f"coadd-*.fits: no file in {tmp_path} matches.")
    with pytest.raises(SourceError) as caught:
        expand_urls("memory://coadd-*.fits")
    assert str(caught.value) == ("memory://coadd-*.fits: no file matches.")
    with pytest.raises(SourceError) as caught:
        expand_urls("gopher://sky/*.fits")
    assert str(caught.value) == (
        "gopher://sky/*.fits: cannot be listed (ValueError: Protocol not known: gopher)."
    )
