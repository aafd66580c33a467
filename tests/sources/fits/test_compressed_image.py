"""Compressed images are read as by astropy, and damaged ones never reach a codec that trusts them.

The codecs of cfitsio write beyond their memory, or do not end, where a size that they trust is
damaged. Such a fault would end the process of the tests.
"""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import open_fits
from tests.damaged_files import assert_only_galsearch_errors
from tests.damaged_fits import damaged_cards

KINDS = ("RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "PLIO_1", "NOCOMPRESS")
VALUES = np.arange(400, dtype=np.int16).reshape(20, 20)


def write_compressed(path: Path, values: Any, kind: str, **options: Any) -> None:
    hdu = fits.CompImageHDU(values, compression_type=kind, **options)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)


def image_of(path: Path) -> np.ndarray:
    with open_fits(str(path)) as file:
        return file.image(file.hdus[1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize(
    ("shape", "tile"),
    [((37, 53), None), ((37, 53), (10, 12)), ((5, 20, 24), None), ((3, 20, 24), (1, 10, 8))],
)
def test_images_are_read_as_by_astropy(
    tmp_path: Path, kind: str, dtype: type, shape: tuple[int, ...], tile: tuple[int, ...] | None
) -> None:
    path = tmp_path / "a.fits.fz"
    values = np.random.default_rng(0).uniform(0, 250, shape).astype(dtype)
    write_compressed(path, values, kind, **({} if tile is None else {"tile_shape": tile}))
    with fits.open(path) as opened:
        expected = np.array(opened[1].data)
    np.testing.assert_array_equal(image_of(path), expected)
    if len(shape) == 2:
        box = (slice(8, 33), slice(11, 14))
        with open_fits(str(path)) as file:
            np.testing.assert_array_equal(file.image_section(file.hdus[1], [box])[0], expected[box])


def test_tiles_of_another_number_than_the_shape_needs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.fits.fz"
    write_compressed(path, np.zeros((20, 20), np.int16), "RICE_1")
    content = path.read_bytes()
    path.write_bytes(
        content.replace(b"ZNAXIS2 =                   20", b"ZNAXIS2 =             20000000")
    )
    with pytest.raises(SourceError) as caught:
        image_of(path)
    assert str(caught.value) == (
        f"{path}: compressed image COMPRESSED_IMAGE: shape (20000000, 20) has 20000000 tiles; the "
        "table has 20."
    )


@pytest.mark.parametrize(
    ("kind", "change", "fault"),
    [
        ("HCOMPRESS_1", (b"\xdd\x99\0\0\0\x14", b"\xdd\x99\0\0\0\x7f"), "tile"),
        ("HCOMPRESS_1", (b"\xdd\x99\0\0\0\x14", b"\xdd\x98\0\0\0\x14"), "tile"),
        ("PLIO_1", (b"\0\0\0\x07\xff\x9c", b"\0\0\0\x07\x7f\xff"), "list"),
        ("PLIO_1", (b"\0\0\0\x07\xff\x9c", b"\0\0\xf0\x07\xff\x9c"), "list"),
    ],
)
def test_a_tile_that_states_another_size_is_refused_before_it_is_decompressed(
    tmp_path: Path, kind: str, change: tuple[bytes, bytes], fault: str
) -> None:
    path = tmp_path / "a.fits.fz"
    write_compressed(path, VALUES, kind)
    content = path.read_bytes()
    assert change[0] in content
    path.write_bytes(content.replace(*change))
    with pytest.raises(SourceError) as caught:
        image_of(path)
    start = f"{path}: compressed image COMPRESSED_IMAGE is damaged: "
    if fault == "tile":
        assert str(caught.value) == f"{start}an HCOMPRESS tile contradicts its shape (20, 20)."
    else:
        assert str(caught.value).startswith(f"{start}a PLIO list of ")


def test_an_hcompress_tile_that_is_cut_short_is_an_error(tmp_path: Path) -> None:
    """Its codec would read on beyond the tile, until it has all pixels."""
    path = tmp_path / "a.fits.fz"
    values = np.random.default_rng(0).integers(-9999, 9999, (200, 300)).astype(np.int32)
    write_compressed(path, values, "HCOMPRESS_1", tile_shape=(200, 300))
    content = bytearray(path.read_bytes())
    with open_fits(str(path)) as file:
        start = file.hdus[1].data_start
    content[start : start + 4] = (1000).to_bytes(4, "big")
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"is damaged \(.*bad format code\)"):
        image_of(path)


@pytest.mark.parametrize(("name", "value"), [("BLOCKSIZE", 0), ("BLOCKSIZE", -5), ("BYTEPIX", 8)])
def test_settings_with_which_the_rice_codec_does_not_end_are_refused(
    tmp_path: Path, name: str, value: int
) -> None:
    path = tmp_path / "a.fits.fz"
    write_compressed(path, VALUES, "RICE_1")
    content = path.read_bytes()
    number = 1 if name == "BLOCKSIZE" else 2
    position = content.index(f"ZVAL{number}   =".encode())
    card = f"ZVAL{number}   = {value:20d}".encode().ljust(80)
    path.write_bytes(content[:position] + card + content[position + 80 :])
    with pytest.raises(SourceError) as caught:
        image_of(path)
    expected = "16, 32" if name == "BLOCKSIZE" else "1, 2, 4"
    assert str(caught.value) == (
        f"{path}: compressed image COMPRESSED_IMAGE: {name} of the Rice compression is {value}; "
        f"expected one of {expected}."
    )


@pytest.mark.parametrize("kind", ["GZIP_1", "GZIP_2"])
def test_a_tile_that_unpacks_to_more_than_its_pixels_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.fits.fz"
    values = np.random.default_rng(0).integers(0, 2**15, (1, 100_000)).astype(np.int32)
    write_compressed(path, values, kind)
    assert image_of(path).shape == (1, 100_000)
    content = path.read_bytes()
    start = content.index(b"\x1f\x8b")
    bomb = gzip.compress(bytes(10**7))
    path.write_bytes(content[:start] + bomb + content[start + len(bomb) :])
    with pytest.raises(SourceError) as caught:
        image_of(path)
    assert str(caught.value) == (
        f"{path}: compressed image COMPRESSED_IMAGE is damaged: a tile of 100000 pixels unpacks to "
        "more than 8 bytes each."
    )


def test_damaged_files_raise_only_source_errors(tmp_path: Path) -> None:
    for number, kind in enumerate(KINDS):
        path = tmp_path / f"{number}.fits.fz"
        write_compressed(path, VALUES, kind, tile_shape=(10, 20))
    write_compressed(tmp_path / "9.fits.fz", VALUES.astype(np.float32), "RICE_1")
    originals = [path.read_bytes() for path in sorted(tmp_path.glob("*.fits.fz"))]

    def read(content: bytes) -> None:
        (tmp_path / "changed.fits").write_bytes(content)
        with open_fits(str(tmp_path / "changed.fits")) as file:
            for hdu in file.hdus:
                if hdu.is_table:
                    file.table(hdu)
                elif hdu.shape:
                    file.image(hdu)

    assert_only_galsearch_errors(read, originals, copies=60)
    assert_only_galsearch_errors(read, originals, copies=60, damage=damaged_cards)
