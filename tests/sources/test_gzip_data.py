"""Gzip data are unpacked to their bytes, or refused with the reason."""

import gzip
import io

import pytest

from galsearch.core.errors import SourceError
from galsearch.sources import gzip_data
from galsearch.sources.gzip_data import unpack_gzip

CONTENT = b"sky" * 1000
PACKED = gzip.compress(CONTENT, mtime=0)


@pytest.mark.parametrize("packed", [PACKED, PACKED + bytes(512), PACKED[:0] + PACKED])
def test_gzip_data_are_unpacked(packed: bytes) -> None:
    assert unpack_gzip("a.gz", io.BytesIO(packed)).read() == CONTENT


def test_parts_packed_one_after_the_other_are_joined() -> None:
    assert unpack_gzip("a.gz", io.BytesIO(PACKED + PACKED)).read() == CONTENT * 2


def refusal(packed: bytes) -> str:
    with pytest.raises(SourceError) as caught:
        unpack_gzip("a.gz", io.BytesIO(packed))
    return str(caught.value)


def test_damaged_data_are_refused() -> None:
    assert refusal(PACKED[:-12]) == "a.gz: cut short: its gzip data end early."
    assert refusal(PACKED + b"\nDone.\n") == (
        "a.gz: its gzip data are followed by bytes that are neither gzip nor zero."
    )
    assert refusal(b"\x1f\x8b\x09" + PACKED[3:]) == (
        "a.gz: its gzip data are damaged (Unknown compression method)."
    )
    assert refusal(PACKED[:10] + b"\xff" + PACKED[11:]) == (
        "a.gz: its gzip data are damaged (Error -3 while decompressing data: invalid block type)."
    )
    assert "CRC check failed" in refusal(PACKED[:-8] + bytes(4) + PACKED[-4:])


def test_data_that_unpack_to_far_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gzip_data, "_ALWAYS_UNPACKED_BYTES", 1 << 20)
    packed = gzip.compress(bytes(8 << 20), mtime=0)
    assert refusal(packed) == (
        f"a.gz: {len(packed)} bytes of gzip data unpack to more than 1048576 bytes; a survey file "
        "is not as compressible as this."
    )
    assert (
        len(unpack_gzip("a.gz", io.BytesIO(gzip.compress(bytes(1 << 20), mtime=0))).read())
        == 1 << 20
    )
