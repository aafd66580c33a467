"""Open catalogue files: each reader has its own offset, and sees what was opened first."""

import threading
from pathlib import Path

import numpy as np
import pytest

from galsearch.index.search.catalogue_files import CatalogueFiles
from galsearch.index.vectors.catalogue import CatalogueSegment

CONTENT = b"0123456789" * 100


@pytest.fixture
def segment(tmp_path: Path) -> CatalogueSegment:
    segment = CatalogueSegment(tmp_path, np.array([1, 2]), np.empty(0), np.array([2]))
    segment.parquet.write_bytes(CONTENT)
    return segment


def test_readers_at_the_same_time_do_not_share_an_offset(segment: CatalogueSegment) -> None:
    files = CatalogueFiles([segment])
    with files.open() as (one,), files.open() as (other,):
        assert not isinstance(one.file, Path)
        assert not isinstance(other.file, Path)
        assert one.file.read(7) == CONTENT[:7]
        assert other.file.read() == CONTENT
        assert one.file.read() == CONTENT[7:]
        assert one.removed.tolist() == [2]
    assert one.file.closed
    files.close()


@pytest.mark.parametrize("change", ["deleted", "replaced"])
def test_readers_of_a_deleted_or_replaced_file_take_turns_and_see_its_content(
    segment: CatalogueSegment, change: str
) -> None:
    files = CatalogueFiles([segment])
    segment.parquet.unlink()
    if change == "replaced":
        segment.parquet.write_bytes(b"another file")
    read: list[bytes] = []

    def read_in_steps() -> None:
        for _ in range(20):
            with files.open() as (part,):
                assert not isinstance(part.file, Path)
                read.append(b"".join(iter(lambda: part.file.read(30), b"")))

    threads = [threading.Thread(target=read_in_steps) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [CONTENT] * 160
    files.close()


def test_an_error_of_the_reader_is_not_hidden(segment: CatalogueSegment) -> None:
    files = CatalogueFiles([segment])
    with pytest.raises(FileNotFoundError, match="of the reader"), files.open():
        raise FileNotFoundError("of the reader")
    files.close()


def test_closed_files_cannot_be_opened(segment: CatalogueSegment) -> None:
    files = CatalogueFiles([segment])
    files.close()
    with pytest.raises(ValueError, match="closed file"), files.open():
        pass
