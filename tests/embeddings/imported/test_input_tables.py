"""Embeddings in HATS catalogues are imported, with columns of any kind beside them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import EmbeddingTableError, SourceError
from galsearch.embeddings import import_embeddings, open_store
from galsearch.embeddings.imported.input_tables import find_tables, require_all_rows
from galsearch.formats.hats.export_hats import export_hats
from galsearch.sources.published.hats_catalogue import HatsCatalogue

N, DIM = 30, 8


def write_foreign(root: Path, generator: np.random.Generator, *, n_stated: int = N) -> Any:
    """A catalogue as LSDB lays one out, with nested and tensor columns; ids and vectors of it."""
    ids = np.sort(generator.choice(10**9, N, replace=False)) + 39627000000000000
    vectors = generator.normal(size=(N, DIM)).astype(np.float32)
    flux = pa.array([[0.5] * (i % 3) for i in range(N)], pa.list_(pa.float32()))
    stamp = pa.FixedShapeTensorArray.from_numpy_ndarray(np.zeros((N, 2, 2), np.float32))
    table = pa.table(
        {
            "_healpix_29": pa.array(np.arange(N)),
            "TARGETID": ids,
            "ra": generator.uniform(0, 360, N),
            "dec": generator.uniform(-30, 30, N),
            "spectrum": pa.StructArray.from_arrays([flux, flux], ["flux", "ivar"]),
            "stamp": stamp,
            "Z": generator.uniform(0, 1, N),
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), DIM),
        }
    )
    (root / "dataset" / "Norder=0" / "Dir=0").mkdir(parents=True)
    for pixel, part in ((4, table.slice(0, 11)), (9, table.slice(11))):
        pq.write_table(part, root / "dataset" / "Norder=0" / "Dir=0" / f"Npix={pixel}.parquet")
    (root / "hats.properties").write_text(f"obs_collection=foreign\nhats_nrows={n_stated}\n")
    (root / "partition_info.csv").write_text("Norder,Npix\n0,9\n0,4\n")
    return ids, vectors


def test_a_foreign_catalogue_is_imported(tmp_path: Path) -> None:
    ids, vectors = write_foreign(tmp_path / "foreign", np.random.default_rng(2))
    report = import_embeddings(
        tmp_path / "out", encoder="model-1", images=str(tmp_path / "foreign")
    )
    assert report.n_imported == {"image": N}
    assert report.has_positions
    found = open_store(tmp_path / "out", "image").read(ids)
    wanted = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    catalogue = pq.read_table(tmp_path / "out" / "catalogue.parquet")
    carried = {"_healpix_29", "target_id", "ra_deg", "dec_deg", "z", "has_image", "has_spectrum"}
    assert set(catalogue.column_names) == carried


def test_an_exported_collection_comes_back(make_sky: Callable[..., Any], tmp_path: Path) -> None:
    sky = make_sky(N)
    sky.write(tmp_path / "embeddings", spectrum=slice(0, 20))
    export_hats(tmp_path / "embeddings", tmp_path / "collection")
    import_embeddings(
        tmp_path / "out",
        encoder="toy",
        images=str(tmp_path / "collection" / "image_embeddings"),
        spectra=str(tmp_path / "collection" / "spectrum_embeddings"),
        catalogue=str(tmp_path / "collection"),
    )
    for kind, rows in (("image", slice(None)), ("spectrum", slice(0, 20))):
        found = open_store(tmp_path / "out", kind).read(sky.ids[rows])
        np.testing.assert_allclose(found, getattr(sky, kind)[rows], atol=1e-7)
    before = pq.read_table(tmp_path / "embeddings" / "catalogue.parquet").sort_by("target_id")
    after = pq.read_table(tmp_path / "out" / "catalogue.parquet").sort_by("target_id")
    for name in ("target_id", "ra_deg", "dec_deg", "z"):
        assert after[name].to_pylist() == before[name].to_pylist()


def test_missing_rows_and_partitions_are_errors(tmp_path: Path) -> None:
    root = tmp_path / "foreign"
    write_foreign(root, np.random.default_rng(2), n_stated=N + 3)
    with pytest.raises(EmbeddingTableError) as caught:
        import_embeddings(tmp_path / "out", encoder="model-1", images=str(root))
    assert str(caught.value) == f"{root}: its partitions hold 30 rows; its properties state 33."
    lost = root / "dataset" / "Norder=0" / "Dir=0" / "Npix=9.parquet"
    lost.unlink()
    with pytest.raises(SourceError) as absent:
        import_embeddings(tmp_path / "out", encoder="model-1", images=str(root))
    assert str(absent.value) == f"{lost}: no such file."
    assert not (tmp_path / "out").exists()


def test_files_and_catalogues_stand_side_by_side(tmp_path: Path) -> None:
    write_foreign(tmp_path / "foreign", np.random.default_rng(2))
    (tmp_path / "a.parquet").touch()
    found: list[HatsCatalogue] = []
    given = [str(tmp_path / "*.parquet"), str(tmp_path / "foreign")]
    urls = find_tables(given, found)
    assert [Path(url).name for url in urls] == ["a.parquet", "Npix=4.parquet", "Npix=9.parquet"]
    assert [each.n_rows for each in found] == [N]
    assert find_tables(None) == []


def test_only_catalogues_that_were_read_are_counted() -> None:
    catalogues = [HatsCatalogue("a", ("x", "y"), 5), HatsCatalogue("b", ("z",), None)]
    require_all_rows(catalogues, {"x": 2, "y": 3, "z": 9})
    require_all_rows(catalogues, {"x": 2})
