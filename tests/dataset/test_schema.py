"""The schema of a dataset has catalogue columns, then labels, then pixels."""

import pyarrow as pa

from galsearch.dataset.schema import (
    BUILT_IN_COLUMNS,
    PIXEL_COLUMNS,
    catalogue_names,
    dataset_schema,
    partition_path,
)


def test_labels_are_between_the_catalogue_and_the_pixels():
    schema = dataset_schema([pa.field("mass", pa.float64())])
    assert tuple(schema.names) == (*BUILT_IN_COLUMNS, "mass", *PIXEL_COLUMNS)
    assert catalogue_names(schema) == [*BUILT_IN_COLUMNS, "mass"]


def test_a_directory_of_hats_holds_ten_thousand_pixels():
    assert partition_path(5, 9999).parts[2] == "Dir=0"
    assert partition_path(5, 20000).parts[2:] == ("Dir=20000", "Npix=20000.parquet")
