"""Galaxies that fulfil a filter, read from Parquet files by one thread and by several."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ManifestError
from galsearch.files.held_files import OpenDirectory
from galsearch.index.vectors.catalogue import CatalogueSegment
from galsearch.index.vectors.catalogue_files import CatalogueFile, CatalogueFiles
from galsearch.query.filters import in_cone, matching
from tests.damaged_files import assert_only_galsearch_errors

N = 20_000
NO_IDS = np.empty(0, np.int64)


@pytest.fixture(scope="module")
def table() -> Any:
    """Columns of a catalogue with random positions, redshifts and magnitudes."""
    generator = np.random.default_rng(5)
    return {
        "target_id": np.arange(1, N + 1),
        "ra_deg": generator.uniform(0, 360, N),
        "dec_deg": generator.uniform(-90, 90, N),
        "z": generator.uniform(0, 1, N),
        "mag_r": generator.uniform(14, 22, N),
    }


def write(table: Any, folder: Path) -> CatalogueSegment:
    """The catalogue segment of a table, in row groups small enough to be read concurrently."""
    ids = table["target_id"]
    segment = CatalogueSegment(folder, ids, np.empty(0), NO_IDS)
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(table), segment.parquet, row_group_size=max(1, N // 16))
    return segment


def test_matches_of_several_files_are_sorted_and_leave_out_removed_galaxies(
    table: Any, tmp_path: Path
) -> None:
    first = {name: column[::2] for name, column in table.items()}
    second = {name: column[1::2] for name, column in table.items() if name != "mag_r"}
    parts = [write(part, tmp_path / name) for part, name in ((first, "a"), (second, "b"))]
    removed = table["target_id"][:100]
    files = [CatalogueFile(part.parquet, removed) for part in parts]
    found = matching(files, where="z < 0.5")
    assert found.tolist() == [i for i in table["target_id"][100:] if table["z"][i - 1] < 0.5]
    # The second file has no column mag_r, so none of its galaxies fulfils the condition.
    bright = matching(files, where="mag_r < 18")
    expected = [i for i in first["target_id"][50:] if table["mag_r"][i - 1] < 18]
    assert bright.tolist() == expected


@pytest.mark.parametrize("replaced", [False, True])
def test_eight_threads_filter_one_catalogue_correctly(
    table: Any, tmp_path: Path, replaced: bool
) -> None:
    segment = write(table, tmp_path / "catalogue")
    with OpenDirectory(segment.directory) as directory:
        files = CatalogueFiles([directory.hold(segment.parquet)], [NO_IDS])
    if replaced:
        segment.parquet.unlink()
        write({name: column[:3] for name, column in table.items()}, segment.directory)
    wrong: list[str] = []
    start = threading.Barrier(8, timeout=30)

    def filter_repeatedly(seed: int) -> None:
        generator = np.random.default_rng(seed)
        start.wait()
        for _ in range(25):
            z, mag_r = generator.uniform(0, 1), generator.uniform(15, 21)
            where = f"z < {z!r} and mag_r > {mag_r!r}"
            expected = table["target_id"][(table["z"] < z) & (table["mag_r"] > mag_r)]
            try:
                with files.open() as opened:
                    found = matching(opened, where=where)
            except BaseException as error:
                wrong.append(f"{where}: {error!r}")
            else:
                if not np.array_equal(found, expected):
                    wrong.append(where)

    threads = [threading.Thread(target=filter_repeatedly, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files.close()
    assert wrong == []


@given(
    ra=st.floats(0, 360),
    dec=st.floats(-90, 90),
    radius=st.floats(0.01, 10_000),
    seed=st.integers(0, 99),
)
def test_a_cone_is_the_angle_between_directions(
    ra: float, dec: float, radius: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    ras, decs = generator.uniform(0, 360, 40), generator.uniform(-90, 90, 40)

    def direction(ra: Any, dec: Any) -> Any:
        ra, dec = np.radians(ra), np.radians(dec)
        return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], -1)

    one, other = direction(ras, decs), direction(ra, dec)
    cross = np.linalg.norm(np.cross(one, other), axis=-1)
    angle = 60 * np.degrees(np.arctan2(cross, one @ other))
    found = in_cone(ras, decs, (ra, dec, radius))
    sure = np.abs(angle - radius) > 1e-6 * radius
    np.testing.assert_array_equal(found[sure], (angle < radius)[sure])


def test_a_catalogue_whose_path_is_a_glob_is_the_one_that_is_read(tmp_path: Path) -> None:
    position = {"ra_deg": [0.0], "dec_deg": [0.0]}
    right = write({"target_id": np.array([1]), "z": [0.1], **position}, tmp_path / "desi[1]")
    write({"target_id": np.array([2]), "z": [0.9], **position}, tmp_path / "desi1")
    files = [CatalogueFile(right.parquet, NO_IDS)]
    assert matching(files, where="z < 0.5").tolist() == [1]
    assert matching(files, where="z > 0.5").tolist() == []


def test_damaged_catalogues_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.parquet"
    columns = {"target_id": np.arange(1, 30), "z": np.linspace(0, 1, 29), "class": ["BGS"] * 29}
    pq.write_table(pa.table(columns), path, write_page_checksum=True)

    def read(content: bytes) -> None:
        path.write_bytes(content)
        matching([CatalogueFile(path, NO_IDS)], where="z < 0.5 and column('class') == 'BGS'")

    assert_only_galsearch_errors(read, [path.read_bytes()])


def test_a_damaged_catalogue_is_named(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.parquet"
    path.write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(ManifestError, match=r"catalogue\.parquet: is damaged"):
        matching([CatalogueFile(path, NO_IDS)], where="z < 1")
