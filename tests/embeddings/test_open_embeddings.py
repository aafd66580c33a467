"""Embeddings and catalogues that do not belong together are refused, with the name of the file."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import NoEmbeddingsError, ShardError
from galsearch.core.modality import Modality
from galsearch.embeddings import read_shard, write_shard
from galsearch.embeddings.open_embeddings import open_stores, read_embedded_catalogue
from tests.damaged_files import assert_only_galsearch_errors


def read(out):
    """What an index reads of a directory of embeddings."""
    stores = open_stores(out)
    table = read_embedded_catalogue(out, stores)
    for store in stores.values():
        for _ in store.iter_vectors():
            pass
    return table


def message(out):
    with pytest.raises(ShardError) as caught:
        read(out)
    return str(caught.value)


def edit_record(out, modality, **values):
    path = out / modality / "store.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def without_digests(out):
    """The embeddings as an earlier version wrote them."""
    for modality in Modality:
        edit_record(out, modality, digests={}, catalogue_sha256=None)
    return out


def test_the_catalogue_is_read_as_it_was_written(embedded):
    table = read(embedded)
    assert len(table) == 8
    assert table["has_image"].to_pylist().count(True) == 6
    assert pq.ParquetFile(embedded / "catalogue.parquet").read().equals(table)
    assert read(without_digests(embedded)).equals(table)


def test_every_changed_bit_of_the_catalogue_is_noticed(embedded):
    path = embedded / "catalogue.parquet"
    original = path.read_bytes()
    for position in range(4, len(original), 997):
        changed = bytearray(original)
        changed[position] ^= 1
        path.write_bytes(changed)
        assert message(embedded).startswith(f"{path}: the file has sha256 ")


def test_exchanged_directories_are_named(embedded):
    (embedded / "image").rename(embedded / "other")
    (embedded / "spectrum").rename(embedded / "image")
    (embedded / "other").rename(embedded / "spectrum")
    assert message(embedded) == (
        f"{embedded / 'image/store.json'}: is the record of spectrum embeddings; the directory is "
        "named image."
    )


def test_a_copied_directory_is_named(embedded):
    shutil.copytree(embedded / "image", embedded / "spectrum", dirs_exist_ok=True)
    assert message(embedded) == (
        f"{embedded / 'spectrum/store.json'}: is the record of image embeddings; the directory is "
        "named spectrum."
    )


def test_a_shard_of_the_other_modality_is_named(embedded):
    images, spectra = (
        {p.name for p in (embedded / kind).glob("*.parquet")} for kind in ("image", "spectrum")
    )
    name = min(images & spectra)
    shutil.copy(embedded / "spectrum" / name, embedded / "image" / name)
    assert message(embedded) == (
        f"{embedded / 'image' / name}: holds spectrum embeddings; expected those of image."
    )


@pytest.mark.parametrize("change", ["permuted", "duplicated"])
def test_other_vectors_in_a_valid_shard_are_noticed(embedded, change):
    path = max((embedded / "image").glob("*.parquet"), key=lambda p: len(read_shard(p)))
    shard = read_shard(path)
    vectors = shard.embeddings[::-1] if change == "permuted" else shard.embeddings[[0] * len(shard)]
    header = {name: value for name, value in vars(shard).items() if name != "embeddings"}
    write_shard(path, type(shard)(**header, embeddings=vectors))
    assert message(embedded).startswith(f"{path}: the file has sha256 ")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"dataset_digest": "b" * 64}, "record different datasets, of sha256 "),
        ({"catalogue_sha256": "b" * 64}, "record different files catalogue.parquet."),
        ({"n_missing": 5}, "record datasets of 8 and 12 galaxies."),
    ],
)
def test_stores_of_different_datasets_are_refused(embedded, values, reason):
    edit_record(embedded, "spectrum", **values)
    both = f"{embedded / 'image/store.json'} and {embedded / 'spectrum/store.json'}: "
    assert message(embedded).startswith(both + reason)


def test_a_catalogue_of_other_galaxies_is_refused_also_without_digests(embedded):
    path = without_digests(embedded) / "catalogue.parquet"
    table = pq.read_table(path)
    row = table["target_id"].to_pylist().index(39627848784286003 + 2)
    ra = table["ra_deg"].to_numpy().copy()
    ra[row] = 99.0
    column = table.schema.get_field_index("ra_deg")
    pq.write_table(table.set_column(column, "ra_deg", pa.array(ra)), path)
    assert message(embedded).startswith(
        f"{path}: TARGETID 39627848784286005 is at (99, -20) degrees; {embedded / 'image'}/part-"
    )
    assert message(embedded).endswith("says (100, -20).")
    pq.write_table(table.filter(np.arange(8) != row), path)
    assert message(embedded) == (
        f"{path}: lacks 1 of 6 galaxies with image vectors, first TARGETID 39627848784286005."
    )


def test_a_missing_catalogue_is_named(embedded):
    (embedded / "catalogue.parquet").unlink()
    with pytest.raises(NoEmbeddingsError) as caught:
        read(embedded)
    assert str(caught.value) == (
        f"{embedded / 'catalogue.parquet'}: the catalogue beside the embeddings is missing."
    )


def test_damaged_catalogues_raise_only_errors_of_galsearch(embedded):
    path = without_digests(embedded) / "catalogue.parquet"
    stores = open_stores(embedded)

    def read_damaged(content):
        path.write_bytes(content)
        read_embedded_catalogue(embedded, stores)

    assert_only_galsearch_errors(read_damaged, [path.read_bytes()])
