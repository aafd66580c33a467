"""Files are opened by path, URL or glob; missing ones are reported."""

import bz2
import gzip
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from galsearch.core.errors import MissingExtraError, SourceError, StoreError
from galsearch.sources.urls import expand_urls, open_url, state_of_remote_file
from tests.damaged_files import assert_only_galsearch_errors


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
    (tmp_path / "a.fits.gz").write_bytes(gzip.compress(b"sky", mtime=0))
    assert read(str(tmp_path / "a.fits.gz")) == b"sky"


@pytest.mark.parametrize("url", ["nowhere/a.fits", "file:///nowhere/a.fits", "memory://no/a.fits"])
def test_a_missing_file_is_named(url: str, memory: fsspec.AbstractFileSystem) -> None:
    with pytest.raises(SourceError) as caught:
        read(url)
    assert str(caught.value) == f"{url}: no such file."


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}: is a directory; expected a file."


@pytest.mark.parametrize(
    ("url", "protocol"),
    [
        ("gopher://sky/a.fits", "gopher"),
        ("reference://*::https://sky/evil.json", "reference"),
        ("zip://*.fits::https://sky/a.zip", "zip"),
        ("tar://*.fits::a.tar", "tar"),
        ("dir://a.fits::memory://sky", "dir"),
        ("simplecache::https://sky/a.fits", "simplecache::https"),
        ("sftp://sky/a.fits", "sftp"),
        ("github://sky:sky@main/a.fits", "github"),
        ("data://;base64,U0lNUExF", "data"),
        ("HTTPS://sky/a.fits", "HTTPS"),
    ],
)
def test_urls_of_other_protocols_and_chains_are_refused(url: str, protocol: str) -> None:
    expected = (
        f"{url}: URLs of the protocol {protocol} are not read. The protocols are file, local, "
        "http, https, s3, s3a, gs, gcs, hf, abfs, abfss, az, memory."
    )
    for access in (read, expand_urls):
        with pytest.raises(SourceError) as caught:
            access(url)
        assert str(caught.value) == expected


def test_two_colons_in_a_name_do_not_start_a_chain(
    tmp_path: Path, memory: fsspec.AbstractFileSystem
) -> None:
    (tmp_path / "run::2").mkdir()
    (tmp_path / "run::2" / "a.fits").write_bytes(b"sky")
    memory.pipe("/run::2/a.fits", b"sky")
    (url,) = expand_urls("run::2/*.fits", base=tmp_path)
    assert (url, read(url)) == (f"{tmp_path}/run::2/a.fits", b"sky")
    assert read(f"file://{tmp_path}/run::2/a.fits") == b"sky"


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
    assert str(caught.value) == f"{tmp_path}/a.fits: the connection to the server broke off."


def test_a_glob_finds_files_at_any_depth_in_order(
    tmp_path: Path, memory: fsspec.AbstractFileSystem
) -> None:
    for name in ("b/c/coadd-2.fits", "a/coadd-1.fits", "a/redrock-1.fits"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"sky")
        memory.pipe(f"/{name}", b"sky")
    expected = [str(tmp_path / "a/coadd-1.fits"), str(tmp_path / "b/c/coadd-2.fits")]
    assert expand_urls("**/coadd-*.fits", base=tmp_path) == expected
    assert expand_urls(f"{tmp_path}/**/coadd-*.fits") == expected
    assert expand_urls(f"file://{tmp_path}/**/coadd-*.fits") == [f"file://{p}" for p in expected]
    in_store = expand_urls("memory://**/coadd-*.fits")
    assert in_store == ["memory:///a/coadd-1.fits", "memory:///b/c/coadd-2.fits"]
    assert read(in_store[0]) == b"sky"
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


FOLDERS = ["idx[1]", "~", "a b", "a::b", "a#b?c", "größe", "*", "%41", "$HOME", "{a}", "-r", "'q'"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_folder_of_a_pattern_is_never_a_glob(folder: str, tmp_path: Path) -> None:
    for name in (folder, "idx1", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a[1].fits").write_bytes(name.encode())
        (tmp_path / name / "a1.fits").write_bytes(b"neighbour")
    base = tmp_path / folder
    expected = [f"{base}/a1.fits", f"{base}/a[1].fits"]
    assert expand_urls("*.fits", base=base) == expected
    assert expand_urls("**/*.fits", base=base) == expected
    assert expand_urls("a[1].fits", base=base) == [f"{base}/a[1].fits"]
    assert expand_urls(f"{base}/a[1].fits") == [f"{base}/a[1].fits"]
    assert expand_urls(f"file://{base}/a[1].fits") == [f"file://{base}/a[1].fits"]
    assert read(expand_urls("a[1].fits", base=base)[0]) == folder.encode()


def test_the_name_of_an_object_is_preferred_to_a_glob(memory: fsspec.AbstractFileSystem) -> None:
    for name in ("a[1].fits", "a1.fits", "a2.fits"):
        memory.pipe(f"/{name}", name.encode())
    assert expand_urls("memory://a[1].fits") == ["memory:///a[1].fits"]
    assert expand_urls("memory://a[2].fits") == ["memory:///a2.fits"]
    assert read("memory:///a[1].fits") == b"a[1].fits"


@pytest.mark.parametrize("name", ["a\0b.fits", "a" * 5000, "\ud800.fits", "a\0[b]*.fits"])
def test_a_name_that_no_file_can_have_matches_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no file in .* matches"):
        expand_urls(name, base=tmp_path)
    with pytest.raises(SourceError):
        read(f"{tmp_path}/{name}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty (0 bytes)."),
        (bz2.compress(b"sky"), "is packed with bzip2; unpack it first."),
        (
            gzip.compress(gzip.compress(b"sky", mtime=0), mtime=0),
            "is packed with gzip twice; unpack it once.",
        ),
        (
            gzip.compress(b"<html>", mtime=0),
            "is a web page (HTML), such as one that asks to log in or reports an error.",
        ),
        (gzip.compress(b"", mtime=0), "is empty (0 bytes)."),
    ],
)
def test_a_file_of_another_kind_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.fits").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read(f"{tmp_path}/a.fits")
    assert str(caught.value) == f"{tmp_path}/a.fits: {message}"


def test_damaged_gzip_data_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.fits.gz"

    def read_copy(content: bytes) -> None:
        path.write_bytes(content)
        read(str(path))

    text = b"SIMPLE  = " + bytes(range(256)) * 20
    assert_only_galsearch_errors(
        read_copy, [gzip.compress(text, mtime=0), gzip.compress(text, 0, mtime=0)]
    )


SKY = b"SIMPLE  = " + bytes(range(256)) * 40


class Server(BaseHTTPRequestHandler):
    """A web server that answers in the way that the first folder of the path names."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        way = self.path.split("/")[1]
        if way.isdecimal():
            self.answer(int(way), b"")
        elif way == "login":
            self.answer(200, b"<html><title>Log in</title></html>")
        elif way == "packed":
            self.answer(200, gzip.compress(SKY, mtime=0), {"Content-Encoding": "gzip"})
        elif way == "chunked":
            self.answer(200, b"%x\r\n%b\r\n0\r\n\r\n" % (len(SKY), SKY), {}, length=False)
        else:
            self.answer(200, SKY, {"Accept-Ranges": "bytes" if way == "promised" else "none"})

    def answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, length: bool = True
    ) -> None:
        self.send_response(status)
        size = ("Content-Length", str(len(body))) if length else ("Transfer-Encoding", "chunked")
        for name, value in [size, *(headers or {}).items()]:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[str]:
    """Address of a web server on this machine."""
    pytest.importorskip("aiohttp")
    served = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield f"http://127.0.0.1:{served.server_address[1]}"
    served.shutdown()
    served.server_close()


@pytest.mark.parametrize("way", ["whole", "promised", "packed", "chunked"])
def test_files_of_servers_without_length_or_parts_are_read_as_a_whole(
    way: str, server: str
) -> None:
    with open_url(f"{server}/{way}/a.fits") as file:
        file.seek(-9, 2)
        assert file.read() == SKY[-9:]
        file.seek(3)
        assert file.read() == SKY[3:]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("login", "is a web page (HTML), such as one that asks to log in or reports an error."),
        ("401", "the server asks for a login (401 Unauthorized)."),
        ("403", "access denied (403 Forbidden)."),
        ("404", "no such file."),
        ("429", "the server is busy (429 Too Many Requests); try again later."),
        ("503", "the server is busy (503 Service Unavailable); try again later."),
    ],
)
def test_what_a_server_refused_is_stated(path: str, reason: str, server: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(f"{server}/{path}/a.fits")
    assert str(caught.value) == f"{server}/{path}/a.fits: {reason}"


def test_an_address_where_nobody_answers_is_named(server: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/a.fits"
        with pytest.raises(StoreError) as caught:
            read(url)
    assert (
        str(caught.value) == f"{url}: no connection to the server: nobody answers at its address."
    )


def test_the_state_of_a_remote_file_is_its_size_and_etag(monkeypatch: pytest.MonkeyPatch) -> None:
    class Store:
        def info(self, path: str) -> dict[str, object]:
            return {"size": len(path), "ETag": '"abc"'}

    monkeypatch.setattr("galsearch.sources.urls._filesystem", lambda _: (Store(), "12345"))
    assert state_of_remote_file("s3://a/12345") == (5, '"abc"')


def test_a_remote_file_that_cannot_be_reached_has_no_state() -> None:
    assert state_of_remote_file("memory://nowhere/a.fits") == (None, None)
