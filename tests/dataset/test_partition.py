"""A partition is read in batches of any size and by row number."""

import numpy as np
import pytest

from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.dataset.batch import concatenate
from tests.dataset.conftest import FIRST_ID, assert_same_galaxies


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 64])
def test_batches_of_any_size_hold_the_same_galaxies(dataset, all_galaxies, rows):
    batches = [list(p.batches(rows)) for p in dataset.partitions]
    for partition, parts in zip(dataset.partitions, batches, strict=True):
        assert [len(b) for b in parts[:-1]] == [rows] * (len(parts) - 1)
        assert sum(map(len, parts)) == len(partition)
    assert_same_galaxies(concatenate([b for parts in batches for b in parts]), all_galaxies)


def test_batches_may_differ_from_row_groups_in_size(paired, tmp_path, monkeypatch):
    from galsearch.dataset import schema
    from galsearch.dataset.ingest.run import ingest

    monkeypatch.setattr(schema, "ROW_GROUP_ROWS", 2)
    ingest(paired.recipe(), tmp_path / "out")
    partition = max(open_dataset(tmp_path / "out").partitions, key=len)
    all_galaxies = concatenate(list(partition.batches(2)))
    assert_same_galaxies(concatenate(list(partition.batches(3))), all_galaxies)
    rows = np.array([len(partition) - 1, 0, 0])
    assert_same_galaxies(partition.read(rows), all_galaxies.take(rows))


def test_a_modality_that_is_not_requested_is_missing(dataset):
    batch = dataset.read([FIRST_ID], modalities=[Modality.SPECTRUM])
    assert batch.has_spectrum.tolist() == [True]
    assert batch.has_image.tolist() == [False]
    assert batch.image_mask.all()
    assert not batch.image_flux.any()
