"""A partition is read in batches of any size and by row number."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset, schema
from galsearch.dataset.batch import concatenate
from galsearch.dataset.partition import Partition
from tests.damaged_files import assert_only_galsearch_errors
from tests.dataset.conftest import (
    FIRST_ID,
    assert_same_galaxies,
    list_digest,
    read_everything,
)


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 64])
def test_batches_of_any_size_hold_the_same_galaxies(dataset, all_galaxies, rows):
    batches = [list(p.batches(rows)) for p in dataset.partitions]
    for partition, parts in zip(dataset.partitions, batches, strict=True):
        assert [len(b) for b in parts[:-1]] == [rows] * (len(parts) - 1)
        assert sum(map(len, parts)) == len(partition)
    assert_same_galaxies(concatenate([b for parts in batches for b in parts]), all_galaxies)


def test_batches_may_differ_from_row_groups_in_size(paired, tmp_path, monkeypatch):
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


@pytest.fixture
def rewritten(dataset_dir, tmp_path):
    """Writes the largest partition of a copy of the dataset anew, with a changed column."""

    def write(name, change):
        path = tmp_path / "a.parquet"
        partition = max(open_dataset(dataset_dir).partitions, key=len)
        table = pq.read_table(partition.path, partitioning=None)
        column = table.schema.get_field_index(name)
        changed = change(table[name])
        table = table.remove_column(column)
        if changed is not None:
            table = table.add_column(column, name, changed)
        pq.write_table(table, path)
        return path, OtherFile(tmp_path, 0, 0, "a" * 64)

    return write


class OtherFile(Partition):
    """A partition whose file has another path than HATS gives it."""

    @property
    def path(self):
        return self.root / "a.parquet"


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("image_flux", lambda _: None, "has no column image_flux."),
        (
            "target_id",
            lambda column: column.cast(pa.float64(), safe=False),
            "column target_id holds double; expected int64.",
        ),
        (
            "has_image",
            lambda column: pa.array([None] * len(column), pa.bool_()),
            "column has_image has 5 missing values.",
        ),
        (
            "spectrum_flux",
            lambda column: pa.nulls(len(column), column.type),
            "column spectrum_flux lacks 5 galaxies that have a spectrum according to has_spectrum.",
        ),
    ],
)
def test_a_partition_of_another_schema_is_refused(rewritten, name, change, reason):
    path, partition = rewritten(name, change)
    with pytest.raises(DatasetError) as caught:
        list(partition.batches())
    assert str(caught.value) == f"{path}: {reason}"


@pytest.mark.parametrize("is_listed", [True, False])
def test_damaged_partitions_raise_only_errors_of_galsearch(two_galaxies, is_listed):
    """Also where the digest is that of the damaged file, so that its bytes are read."""
    root, path = two_galaxies
    original = path.read_bytes()

    def read(content):
        path.unlink()
        path.write_bytes(content)
        if is_listed:
            list_digest(root, path)
        read_everything(root)
        # Without a new digest no damage is left unnoticed.
        assert is_listed or content == original

    assert_only_galsearch_errors(read, [original], copies=60)


@pytest.mark.parametrize(("code", "kind"), [(b"\x0a", "DOUBLE"), (b"\x3e", "UNKNOWN")])
def test_a_column_that_is_stored_as_another_type_is_refused(two_galaxies, code, kind):
    """Arrow ends the process that reads the statistics of such a column."""
    root, path = two_galaxies
    # In the footer a column starts with a struct (1c), a field of 32 bits (15) and its type
    # (08 is FLOAT), before the list of its encodings (19).
    before, float_column = path.read_bytes(), b"\x1c\x15\x08\x19"
    at = before.rindex(float_column)
    path.unlink()
    path.write_bytes(before[: at + 2] + code + before[at + 3 :])
    list_digest(root, path)
    with pytest.raises(DatasetError, match="is damaged"):
        read_everything(root)


@pytest.mark.parametrize("says_so", [True, False])
def test_masks_are_read_where_a_row_group_has_a_masked_pixel(two_galaxies, says_so):
    root, path = two_galaxies
    table = pq.read_table(path, partitioning=None)
    mask = np.zeros((2, schema.IMAGE_LENGTH), bool)
    mask[1, 7] = True
    field = table.schema.field("image_mask")
    column = pa.FixedSizeListArray.from_arrays(pa.array(mask.reshape(-1)), type=field.type)
    table = table.set_column(table.schema.get_field_index("image_mask"), field, column)
    groups = [table.slice(0, 1), table.slice(1, 1)]
    metadata = schema.unmasked_metadata(groups) if says_so else None
    assert metadata is None or metadata["galsearch.unmasked"].split(";")[0].startswith("image_mask")
    path.unlink()
    pq.write_table(table.replace_schema_metadata(metadata), path, row_group_size=1)
    list_digest(root, path)
    (batch,) = open_dataset(root).partitions[0].batches(2)
    np.testing.assert_array_equal(batch.image_mask.reshape(2, -1), mask)
