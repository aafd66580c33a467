"""The catalogue of an index: look-up through segments, and records of other galaxies."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import ManifestError
from galsearch.index.vectors.array_files import CATALOGUE_DTYPE
from galsearch.index.vectors.catalogue import Catalogue, CatalogueSegment


def write_segment(folder: Path, ids: list[int], record_ids: list[int] | None = None) -> Path:
    folder.mkdir()
    records = np.zeros(len(ids), CATALOGUE_DTYPE)
    records["target_id"] = ids if record_ids is None else record_ids
    records["z"] = np.array(ids) / 100
    np.save(folder / "ids.npy", np.array(ids, np.int64))
    np.save(folder / "catalogue.npy", records)
    return folder


def test_records_are_found_through_segments_without_the_removed_galaxies(tmp_path: Path) -> None:
    first = write_segment(tmp_path / "a", [10, 30, 50])
    second = write_segment(tmp_path / "b", [20, 30])
    none = np.empty(0, np.int64)
    catalogue = Catalogue(
        [
            CatalogueSegment.open(
                first, n_galaxies=3, removed=np.array([30]), has_packed_rows=False
            ),
            CatalogueSegment.open(second, n_galaxies=2, removed=none, has_packed_rows=False),
        ]
    )
    assert catalogue.ids.tolist() == [10, 20, 30, 50]
    assert catalogue.rows_of(np.array([50, 30, 40])).tolist() == [2, 4, -1]
    records = catalogue.take(np.array([30, 10, 50]))
    assert records["target_id"].tolist() == [30, 10, 50]
    assert records["z"].tolist() == [0.3, 0.1, 0.5]
    assert catalogue.records_at(np.array([4, 1]))["target_id"].tolist() == [30, 30]
    assert catalogue.segments[0].parquet == first / "catalogue.parquet"


def test_a_record_of_another_galaxy_is_refused(tmp_path: Path) -> None:
    folder = write_segment(tmp_path / "a", [10, 30], record_ids=[10, 31])
    segment = CatalogueSegment.open(
        folder, n_galaxies=2, removed=np.empty(0, np.int64), has_packed_rows=False
    )
    with pytest.raises(ManifestError) as caught:
        Catalogue([segment]).take(np.array([30]))
    assert str(caught.value) == (
        f"{folder / 'catalogue.npy'}: its records are of other galaxies than ids.npy beside it "
        "states."
    )
