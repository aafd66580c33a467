"""Reading and embedding of files in the working directory of a process."""

import io
import threading
import zlib
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from galsearch.core.cutout import Cutout
from galsearch.core.errors import GalsearchError
from galsearch.core.modality import Modality
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.http.uploads import embedding_worker
from galsearch.http.uploads.embedding_worker import answer_uploads, read_and_embed
from galsearch.http.uploads.uploaded_file import UploadedFile
from galsearch.sources.legacy_surveys.cutout_file import write_cutout


class Encoder(NamedTuple):
    """An encoder whose vector tells the shape of what it was given."""

    fingerprint: str = "a" * 64

    def embed(self, flux: Any, *_: Any, **__: Any) -> Any:
        return np.array([[flux.shape[-1], flux.ndim]], np.float32)


class Pair(NamedTuple):
    image: Any = Encoder()
    spectrum: Any = Encoder()


def content_of(write: Callable[[Any], Any]) -> bytes:
    sink = io.BytesIO()
    write(sink)
    return sink.getvalue()


def spectrum_csv() -> bytes:
    rows = [f"{w:.3f},1.0,4.0" for w in DESI_WAVELENGTH_ANGSTROM[::20]]
    return "\n".join(["wavelength,flux,ivar", *rows]).encode()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_content_tells_an_image_from_a_spectrum(folder: Path) -> None:
    colours = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    picture = content_of(lambda sink: Image.fromarray(colours).save(sink, format="PNG"))
    image = content_of(lambda sink: np.save(sink, np.arange(10800.0).reshape(3, 60, 60)))
    rows = np.stack([DESI_WAVELENGTH_ANGSTROM, np.ones(7781)])
    spectrum = content_of(lambda sink: np.save(sink, rows))
    for content, modality in (
        (picture, Modality.IMAGE),
        (image, Modality.IMAGE),
        (spectrum, Modality.SPECTRUM),
        (spectrum_csv(), Modality.SPECTRUM),
    ):
        found = read_and_embed(UploadedFile(content), Pair())  # type: ignore[arg-type]
        assert found.modality is modality
        shape = (152, 4) if modality is Modality.IMAGE else (7781, 2)
        assert tuple(found.vector[0]) == shape
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"SIMPLE  =                    T",
        b"SIMPLE  =                    T" + b" " * 2850 + b"\xff" * 5000,
        b"\x1f\x8b\x08garbage",
        b"\x93NUMPY\x01\x00\xff\xff{'descr': '|O', 'shape': (10**12,)}",
        b"\xff\xd8\xff\xe0 not a jpeg",
        b"<script>alert(1)</script>",
        b"a,b\n1,2\n",
        b"%PDF-1.7",
        bytes(1000),
    ],
)
def test_a_damaged_file_is_one_error_without_a_path(folder: Path, content: bytes) -> None:
    with pytest.raises(GalsearchError) as caught:
        read_and_embed(UploadedFile(content), Pair())  # type: ignore[arg-type]
    assert str(folder) not in str(caught.value)
    assert "upload" in str(caught.value)
    assert list(folder.iterdir()) == []


def test_a_bomb_of_gzip_is_refused(folder: Path) -> None:
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(100)]
    content = b"".join([*parts, packer.flush()])
    assert len(content) < 200_000
    with pytest.raises(GalsearchError, match="not as compressible as this"):
        read_and_embed(UploadedFile(content), Pair())  # type: ignore[arg-type]


def cutout_file(tmp_path: Path) -> bytes:
    flux = np.random.default_rng(2).normal(0, 0.01, (3, 152, 152))
    cutout = Cutout(flux, ("g", "r", "z"), 0.262, 150.0, 2.0, np.zeros(flux.shape, bool))
    path = tmp_path / "cutout.fits"
    write_cutout(path, cutout, target_id=None)
    content = path.read_bytes()
    path.unlink()
    return content


def test_a_truncated_cutout_is_one_error_wherever_it_ends(folder: Path) -> None:
    content = cutout_file(folder)
    assert read_and_embed(UploadedFile(content), Pair()).modality is Modality.IMAGE  # type: ignore[arg-type]
    for n in (1, 79, 80, 2879, 2880, 2881, 100_000, len(content) - 2880, len(content) - 5000):
        with pytest.raises(GalsearchError) as caught:
            read_and_embed(UploadedFile(content[:n]), Pair())  # type: ignore[arg-type]
        assert str(folder) not in str(caught.value)
    assert list(folder.iterdir()) == []


def test_a_header_that_states_a_huge_image_is_refused(folder: Path) -> None:
    content = cutout_file(folder)
    for number in (b"152000", b"1000000000", b"9223372036854775807", b"-1"):
        card = b"NAXIS1  = " + number.rjust(20)
        at = content.index(b"NAXIS1  = ")
        huge = content[:at] + card + content[at + len(card) :]
        with pytest.raises(GalsearchError):
            read_and_embed(UploadedFile(huge), Pair())  # type: ignore[arg-type]
    assert list(folder.iterdir()) == []


def test_a_compressed_image_of_huge_size_is_refused(folder: Path) -> None:
    """Its 100 million pixels of zero are some kilobytes in the file."""
    sink = io.BytesIO()
    hdu = fits.CompImageHDU(np.zeros((3, 6000, 6000), np.int16), compression_type="GZIP_2")
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(sink)
    content = sink.getvalue()
    assert len(content) < 2_000_000
    with pytest.raises(GalsearchError):
        read_and_embed(UploadedFile(content), Pair())  # type: ignore[arg-type]


def test_a_picture_that_states_a_huge_size_is_refused(folder: Path) -> None:
    size = (100_000).to_bytes(4, "big")
    parts = [(b"IHDR", size + size + b"\x08\x02\0\0\0"), (b"IDAT", zlib.compress(bytes(9999)))]
    png = b"\x89PNG\r\n\x1a\n"
    for name, body in [*parts, (b"IEND", b"")]:
        check = zlib.crc32(name + body).to_bytes(4, "big")
        png += len(body).to_bytes(4, "big") + name + body + check
    with pytest.raises(GalsearchError):
        read_and_embed(UploadedFile(png), Pair())  # type: ignore[arg-type]


def test_a_process_answers_until_its_connection_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("os.nice", "resource.setrlimit", "signal.signal"):
        monkeypatch.setattr(f"galsearch.http.uploads.embedding_worker.{name}", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    loaded: list[str] = []

    def load(name: str) -> Pair:
        loaded.append(name)
        return Pair()

    monkeypatch.setattr(embedding_worker, "load_encoder_pair", load)
    ours, other = Pipe()
    for content in (b"nothing", spectrum_csv(), b"nothing"):
        ours.send(UploadedFile(content))
    thread = threading.Thread(target=answer_uploads, args=(other, str(tmp_path), None, 1 << 33))
    thread.start()
    assert isinstance(ours.recv(), GalsearchError)
    assert loaded == []  # a file that cannot be read needs no encoder
    assert ours.recv().modality is Modality.SPECTRUM
    assert isinstance(ours.recv(), GalsearchError)
    ours.close()
    thread.join(10)
    assert not thread.is_alive()
