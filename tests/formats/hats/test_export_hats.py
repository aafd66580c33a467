"""Embeddings exported as a HATS collection, read by PyArrow alone.

`benchmarks/hats/check_with_lsdb.py` does the same with LSDB.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import NoEmbeddingsError, OutputExistsError, ShardError
from galsearch.core.modality import Modality
from galsearch.dataset.hats_files import read_properties
from galsearch.dataset.healpix import healpix_29
from galsearch.embeddings import open_store
from galsearch.formats.hats import export_hats as module
from galsearch.formats.hats.export_hats import export_hats
from galsearch.index.storage.origin_manifest import OriginManifest
from tests.conftest import Sky


@pytest.fixture(scope="module")
def embeddings(make_sky: Callable[..., Sky], tmp_path_factory: pytest.TempPathFactory) -> Path:
    sky = make_sky(300)
    home = tmp_path_factory.mktemp("embedded") / "vectors"
    return sky.write(home, spectrum=slice(40, 250))


@pytest.fixture(scope="module")
def collection(embeddings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("hats") / "toy"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MAX_ROWS", 60)
        report = export_hats(embeddings, out)
    assert str(report) == (
        "300 galaxies, 300 image embeddings and 210 spectrum embeddings in "
        f"{report.n_partitions} partitions of a HATS collection"
    )
    assert report.n_partitions == len(list(out.rglob("Npix=*.parquet")))
    return out


def rows_of(catalogue: Path) -> pa.Table:
    """All rows of a catalogue, each of which lies in the pixel that its file is named after."""
    parts = []
    for path in sorted(catalogue.rglob("Npix=*.parquet")):
        part = pq.read_table(path, partitioning=None)
        order, pixel = int(path.parts[-3].split("=")[1]), int(path.stem.split("=")[1])
        numbers = part["_healpix_29"].to_numpy()
        assert (numbers >> (2 * (29 - order)) == pixel).all()
        assert (np.diff(numbers) >= 0).all()
        parts.append(part)
    return pa.concat_tables(parts)


def test_the_catalogue_has_every_galaxy_with_its_columns(
    collection: Path, embeddings: Path
) -> None:
    wanted = pq.read_table(embeddings / "catalogue.parquet").sort_by("target_id")
    found = rows_of(collection / "galaxies").sort_by("target_id")
    assert found.drop_columns("_healpix_29").equals(wanted)
    places = healpix_29(wanted["ra_deg"].to_numpy(), wanted["dec_deg"].to_numpy())
    assert found["_healpix_29"].to_numpy().tolist() == places.tolist()
    assert len(list((collection / "galaxies").rglob("Npix=*.parquet"))) > 5


@pytest.mark.parametrize("kind", ["image", "spectrum"])
def test_each_vector_is_that_of_its_galaxy(collection: Path, embeddings: Path, kind: str) -> None:
    store = open_store(embeddings, Modality(kind))
    found = rows_of(collection / f"{kind}_embeddings").sort_by("target_id")
    ids = found["target_id"].to_numpy()
    assert np.array_equal(ids, np.sort(np.concatenate(list(store.iter_ids()))))
    assert found.schema.field("embedding").type == pa.list_(pa.float32(), 16)
    vectors = found["embedding"].combine_chunks().flatten().to_numpy().reshape(-1, 16)
    assert np.array_equal(vectors, store.read(ids))
    properties = read_properties(collection / f"{kind}_embeddings")
    assert properties["hats_nrows"] == str(len(ids))
    assert properties["galsearch_fingerprint"] == "a" * 64
    assert properties["galsearch_modality"] == kind


def test_the_collection_names_its_catalogues(collection: Path) -> None:
    assert (collection / "collection.properties").read_text() == (
        "#HATS collection\n"
        "obs_collection=toy\n"
        "hats_primary_table_url=galaxies\n"
        "all_extensions=image_embeddings image_embeddings.properties "
        "spectrum_embeddings spectrum_embeddings.properties\n"
    )
    text = (collection / "spectrum_embeddings.properties").read_text()
    assert "hats_col_assn_primary=target_id\nhats_assn_join_table_url=spectrum_embeddings\n" in text


def test_the_collection_says_what_it_was_made_from(collection: Path, embeddings: Path) -> None:
    origin = OriginManifest.from_table(json.loads((collection / "provenance.json").read_text()))
    assert origin.embeddings == str(embeddings)
    assert (origin.encoder, origin.dataset, origin.n_galaxies) == ("toy", "toy", 300)
    properties = read_properties(collection / "image_embeddings")
    assert properties["galsearch_dataset_sha256"] == "0" * 64


def test_nothing_is_replaced(embeddings: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(OutputExistsError):
        export_hats(embeddings, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_galaxies_without_positions_are_an_error(
    make_sky: Callable[..., Sky], tmp_path: Path
) -> None:
    folder = make_sky(20).write(tmp_path / "vectors")
    table = pq.read_table(folder / "catalogue.parquet")
    for place, name in enumerate(table.column_names):
        if name in {"ra_deg", "dec_deg"}:
            table = table.set_column(place, name, pa.array([float("nan")] * 20))
    pq.write_table(table, folder / "catalogue.parquet")
    with pytest.raises(ShardError) as caught:
        export_hats(folder, tmp_path / "out")
    assert str(caught.value) == (
        f"{folder}: its galaxies have no positions, by which HATS divides a catalogue."
    )
    assert not (tmp_path / "out").exists()


def test_a_directory_without_embeddings_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoEmbeddingsError):
        export_hats(tmp_path, tmp_path / "out")
