"""Open catalogue files: each reader has its own offset, and sees what was opened first."""

import threading
from pathlib import Path

import numpy as np
import pytest

from galsearch.files.held_files import OpenDirectory
from galsearch.index.vectors.catalogue_files import CatalogueFiles

CONTENT = b"0123456789" * 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.parquet"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def files(path: Path) -> CatalogueFiles:
    with OpenDirectory(path.parent) as opened:
        return CatalogueFiles([opened.hold(path)], [np.array([2])])


def test_readers_at_the_same_time_do_not_share_an_offset(files: CatalogueFiles) -> None:
    with files.open() as (one,), files.open() as (other,):
        assert not isinstance(one.file, Path)
        assert not isinstance(other.file, Path)
        assert one.file.read(7) == CONTENT[:7]
        assert other.file.read() == CONTENT
        assert one.file.read() == CONTENT[7:]
        assert one.removed.tolist() == [2]
    assert one.file.closed


@pytest.mark.parametrize("change", ["deleted", "replaced"])
def test_threads_that_read_a_deleted_or_replaced_file_see_its_content(
    files: CatalogueFiles, path: Path, change: str
) -> None:
    path.unlink()
    if change == "replaced":
        path.write_bytes(b"another file")
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


def test_an_error_of_the_reader_is_not_hidden(files: CatalogueFiles) -> None:
    with pytest.raises(FileNotFoundError, match="of the reader"), files.open():
        raise FileNotFoundError("of the reader")


def test_closed_files_cannot_be_opened(files: CatalogueFiles) -> None:
    files.close()
    with pytest.raises(ValueError, match="files of the catalogue are closed"), files.open():
        pass
