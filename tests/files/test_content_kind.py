"""Files of a wrong kind are named by their first bytes, and never quoted as binary."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from galsearch.files.content_kind import (
    N_FIRST_BYTES,
    describe_content,
    describe_foreign_content,
)

PAYLOAD = b"SIMPLE  =                    T" + bytes(3000)


def zip_archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.fits", PAYLOAD)
    return stream.getvalue()


def tar_archive() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("a.fits")
        member.size = len(PAYLOAD)
        archive.addfile(member, io.BytesIO(PAYLOAD))
    return stream.getvalue()


def picture(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, kind)
    return stream.getvalue()


def parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"z": [0.1]}), stream)
    return stream.getvalue()


def array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.ones(3))
    return stream.getvalue()


PAGE = "a web page (HTML), such as one that asks to log in or reports an error"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"

KINDS = [
    (b"", "empty (0 bytes)"),
    (bytes(2880), "filled with zeros"),
    (gzip.compress(PAYLOAD, mtime=0), "packed with gzip; unpack it first"),
    (bz2.compress(PAYLOAD), "packed with bzip2; unpack it first"),
    (lzma.compress(PAYLOAD), "packed with xz; unpack it first"),
    (lzma.compress(PAYLOAD, lzma.FORMAT_ALONE), "packed with lzma; unpack it first"),
    (b"\x1f\x9d\x90" + PAYLOAD, "packed with compress (.Z); unpack it first"),
    (b"\x28\xb5\x2f\xfd" + PAYLOAD, "packed with Zstandard; unpack it first"),
    (zip_archive(), "a ZIP archive; unpack it first"),
    (tar_archive(), "a tar archive; unpack it first"),
    (picture("JPEG"), "a JPEG picture"),
    (picture("PNG"), "a PNG picture"),
    (picture("GIF"), "a GIF picture"),
    (picture("TIFF"), "a TIFF picture"),
    (picture("WEBP"), "a WebP picture"),
    (b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file"),
    (parquet(), "a Parquet file"),
    (array(), "a NumPy array (.npy)"),
    (
        POINTER,
        "a pointer of git-lfs in place of the file itself; fetch the file with git-lfs",
    ),
    (b"<!DOCTYPE html>\n<html><title>NERSC login</title></html>", PAGE),
    (b"\xef\xbb\xbf\n <HTML><head>", PAGE),
    (b"<?xml version='1.0'?>\n<!-- served by a proxy -->\n<html xmlns='x'>", PAGE),
]


@pytest.mark.parametrize(("content", "description"), KINDS)
def test_the_kind_of_a_file_is_named(content: bytes, description: str) -> None:
    assert describe_content(content[:N_FIRST_BYTES]) == description
    assert describe_foreign_content(content[:N_FIRST_BYTES]) == description


TEXTS = [
    (b"SIMPLE  =                    T", "a FITS file"),
    (b"TARGETID,z\n1,0.1\n", "text that begins 'TARGETID,z 1,0.1'"),
    ("TARGETID\t1".encode("utf-16"), "text that begins 'TARGETID 1'"),
    (("ü" * 99).encode(), f"text that begins '{'ü' * 60}...'"),
    (b"PAR1,PAR2\n", "text that begins 'PAR1,PAR2'"),
    (b"\n \n", "text that begins with blanks alone"),
    (b"<Error><Code>AccessDenied</Code>", "text that begins '<Error><Code>AccessDenied</Code>'"),
    (b"\x80\x02ccollections", "binary data of an unknown kind"),
    (b"text\0with a zero", "binary data of an unknown kind"),
]


@pytest.mark.parametrize(("content", "description"), TEXTS)
def test_text_is_quoted_and_binary_data_are_not(content: bytes, description: str) -> None:
    assert describe_content(content) == description
    assert describe_foreign_content(content) is None


def test_text_that_is_cut_within_a_character_is_text() -> None:
    assert describe_content("é".encode()[:1]) == "binary data of an unknown kind"
    assert describe_content("né".encode()[:2]) == "text that begins 'n'"


def test_any_bytes_are_described_without_unprintable_characters() -> None:
    generator = np.random.default_rng(1)
    for _ in range(500):
        content = generator.bytes(int(generator.integers(1, 40)))
        assert describe_content(content).isprintable()
