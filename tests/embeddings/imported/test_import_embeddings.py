"""Embeddings of other models are imported from tables, and an index is built from them."""

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import ConfigError, EmbeddingTableError, OutputExistsError
from galsearch.embeddings import import_embeddings, open_store, verify_embeddings
from galsearch.embeddings.imported import partition_shards, read_rows
from galsearch.embeddings.imported.import_embeddings import imported_fingerprint
from galsearch.embeddings.store_record import read_record
from galsearch.files.digest import sha256_of_file
from galsearch.index import IndexRecipe, build_index
from galsearch.query import open_index

N, DIM = 40, 6


@pytest.fixture
def galaxies() -> dict[str, Any]:
    """Ids, positions, vectors and a magnitude of galaxies, not in order of anything."""
    rng = np.random.default_rng(3)
    return {
        "TARGETID": rng.permutation(39627848784286003 + np.arange(N)),
        "ra": rng.uniform(0, 360, N),
        "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, N))),
        "embedding": rng.normal(size=(N, DIM)),
        "MAG_R": rng.normal(20, 1, N),
        "redshift": rng.uniform(0, 1, N).astype(np.float32),
    }


def write(path: Path, galaxies: dict[str, Any], rows: slice = slice(None), **changes: Any) -> Path:
    given = {name: v for name, v in {**galaxies, **changes}.items() if v is not None}
    columns = {name: values[rows] for name, values in given.items()}
    lists = {n: list(v) if getattr(v, "ndim", 1) == 2 else v for n, v in columns.items()}
    pq.write_table(pa.table(lists), path)
    return path


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_vectors_positions_and_columns_are_those_of_the_tables(
    galaxies: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_rows, "BATCH_ROWS", 7)
    monkeypatch.setattr(partition_shards, "_SHARD_BYTES", 4 * DIM * 5)
    for name, rows in (("a", slice(0, 25)), ("b", slice(25, N))):
        write(tmp_path / f"{name}.parquet", galaxies, rows)
    report = import_embeddings(
        tmp_path / "out", encoder="aion-base", images=str(tmp_path / "*.parquet")
    )
    fingerprint = imported_fingerprint("aion-base", DIM)
    store = open_store(tmp_path / "out", "image")
    assert str(report) == (
        f"40 galaxies: 40 image embeddings of 6 dimensions, encoder aion-base ({fingerprint.short})"
        f", in {len(store.record.shards)} shards"
    )
    assert len(store.record.shards) >= N / 5
    np.testing.assert_allclose(
        store.read(galaxies["TARGETID"]), unit(galaxies["embedding"]), atol=1e-6
    )
    catalogue = pq.read_table(tmp_path / "out" / "catalogue.parquet").to_pydict()
    order = np.argsort(galaxies["TARGETID"])
    assert catalogue["target_id"] == galaxies["TARGETID"][order].tolist()
    assert catalogue["ra_deg"] == galaxies["ra"][order].tolist()
    assert catalogue["mag_r"] == galaxies["MAG_R"][order].tolist()
    assert catalogue["z"] == galaxies["redshift"][order].tolist()
    assert verify_embeddings(tmp_path / "out").endswith("every file is as it was written.")


def test_the_record_names_every_source_with_size_and_digest(
    galaxies: dict[str, Any], tmp_path: Path
) -> None:
    path = write(tmp_path / "a.parquet", galaxies)
    import_embeddings(tmp_path / "out", encoder="m", spectra=[str(path)])
    record = read_record(tmp_path / "out" / "spectrum")
    assert record is not None
    source = record.sources[str(path)]
    assert (source.n_rows, source.n_bytes, source.sha256) == (
        N,
        path.stat().st_size,
        sha256_of_file(path),
    )
    assert (record.encoder, record.dataset) == ("m", "")


def test_an_index_of_imported_embeddings_answers_across_modalities(
    galaxies: dict[str, Any], tmp_path: Path
) -> None:
    images = write(tmp_path / "i.parquet", galaxies, slice(0, 30))
    noisy = galaxies["embedding"] + 0.01
    spectra = write(tmp_path / "s.parquet", galaxies, slice(10, N), embedding=noisy)
    import_embeddings(tmp_path / "out", encoder="m", images=str(images), spectra=str(spectra))
    manifest = build_index(IndexRecipe(), embeddings=tmp_path / "out", out=tmp_path / "index")
    assert manifest.n_galaxies == N
    assert "dataset   none: the embeddings were made elsewhere" in manifest.summary()
    engine = open_index(tmp_path / "index")
    query = int(galaxies["TARGETID"][15])
    found = engine.query(query, using="image", among="spectrum", k=3)
    similarity = unit(noisy)[10:] @ unit(galaxies["embedding"])[15]
    similarity[5] = -2
    expected = galaxies["TARGETID"][10:][np.argsort(-similarity)[:3]]
    assert [int(t) for t in found.target_ids] == expected.tolist()


def test_galaxies_without_positions_are_found_by_id(
    galaxies: dict[str, Any], tmp_path: Path
) -> None:
    path = write(tmp_path / "a.parquet", galaxies, ra=None, dec=None)
    report = import_embeddings(tmp_path / "out", encoder="m", images=str(path))
    assert str(report).endswith("; no galaxy has a position")
    verify_embeddings(tmp_path / "out")
    build_index(IndexRecipe(), embeddings=tmp_path / "out", out=tmp_path / "index")
    found = open_index(tmp_path / "index").query(int(galaxies["TARGETID"][0]), among="image", k=2)
    assert len(found) == 2


def test_a_catalogue_gives_positions_and_columns(galaxies: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", galaxies, ra=None, dec=None, MAG_R=None, redshift=None)
    rows = slice(None, None, -1)
    catalogue = write(tmp_path / "zcat.parquet", galaxies, rows, embedding=None)
    arguments: dict[str, Any] = {"encoder": "m", "images": str(path)}
    import_embeddings(tmp_path / "out", **arguments, catalogue=str(catalogue))
    found = pq.read_table(tmp_path / "out" / "catalogue.parquet").to_pydict()
    order = np.argsort(galaxies["TARGETID"])
    assert found["dec_deg"] == galaxies["dec"][order].tolist()
    assert found["mag_r"] == galaxies["MAG_R"][order].tolist()
    write(catalogue, galaxies, slice(0, N - 1), embedding=None)
    with pytest.raises(EmbeddingTableError) as caught:
        import_embeddings(tmp_path / "new", **arguments, catalogue=str(catalogue))
    assert str(caught.value) == (
        f"1 of 40 galaxies have no position in {catalogue}, first TARGETID "
        f"{galaxies['TARGETID'][-1]}."
    )


def test_times_and_missing_texts_of_a_catalogue_reach_the_results(
    galaxies: dict[str, Any], tmp_path: Path
) -> None:
    when = [None if i % 3 == 0 else datetime.datetime(2024, 1, 1 + i % 28) for i in range(N)]
    note = [(None, "", "text")[i % 3] for i in range(N)]
    path = write(tmp_path / "a.parquet", galaxies)
    catalogue = write(
        tmp_path / "b.parquet", {"TARGETID": galaxies["TARGETID"], "when": when, "note": note}
    )
    import_embeddings(tmp_path / "out", encoder="m", images=str(path), catalogue=str(catalogue))
    build_index(IndexRecipe(), embeddings=tmp_path / "out", out=tmp_path / "index")
    engine = open_index(tmp_path / "index")
    ids = galaxies["TARGETID"].tolist()
    found = engine.query(ids[0], k=N).to_arrow().to_pydict()
    rows = [ids.index(int(one)) for one in found["target_id"]]
    assert found["note"] == [note[row] for row in rows]
    assert found["when"] == [when[row] for row in rows]
    assert len(engine.query(ids[1], k=N, where="when >= '2024-01-20'")) == sum(
        one is not None and one.day >= 20 for one in when
    )


def spoilt(galaxies: dict[str, Any], name: str, row: int, value: Any) -> dict[str, Any]:
    values = list(galaxies[name])
    values[row] = value
    return {name: values}


BAD_ROWS = [
    ("embedding", [0.0] * DIM, "every value of the vector is 0", "vector of zeros"),
    (
        "embedding",
        [np.nan] * DIM,
        "the vector has values that are missing or not finite",
        "vector not finite",
    ),
    ("embedding", None, "has no vector", "no vector"),
    (
        "embedding",
        [1.0] * 5,
        "the vector has 5 values; those before have 6",
        "vector of another length",
    ),
    ("TARGETID", -5, "the id -5 is not the TARGETID of a galaxy", "no TARGETID"),
    ("TARGETID", None, "has no id", "no id"),
    ("dec", 91.0, "({ra:g}, 91) degrees is no position", "no position"),
]


@pytest.mark.parametrize(("name", "value", "message", "reason"), BAD_ROWS)
def test_a_bad_row_is_named_or_left_out_and_counted(
    galaxies: dict[str, Any], tmp_path: Path, name: str, value: Any, message: str, reason: str
) -> None:
    path = write(tmp_path / "a.parquet", galaxies, **spoilt(galaxies, name, 17, value))
    with pytest.raises(EmbeddingTableError) as caught:
        import_embeddings(tmp_path / "out", encoder="m", images=str(path))
    assert str(caught.value) == f"{path}: row 18: {message.format(ra=galaxies['ra'][17])}."
    assert not (tmp_path / "out").exists()
    report = import_embeddings(tmp_path / "out", encoder="m", images=str(path), skip_bad_rows=True)
    assert report.n_left_out == {"image": {reason: 1}}
    assert (report.n_read, report.n_imported) == ({"image": N}, {"image": N - 1})
    assert f"rows left out: image {reason} 1" in str(report)


def test_a_repeated_id_is_named_with_both_rows(galaxies: dict[str, Any], tmp_path: Path) -> None:
    first = write(tmp_path / "a.parquet", galaxies, slice(0, 20))
    second = write(tmp_path / "b.parquet", galaxies, slice(19, N))
    arguments: dict[str, Any] = {"encoder": "m", "images": [str(first), str(second)]}
    with pytest.raises(EmbeddingTableError) as caught:
        import_embeddings(tmp_path / "out", **arguments)
    assert str(caught.value) == (
        f"{second}: row 1: TARGETID {galaxies['TARGETID'][19]} is in row 20 of {first} too."
    )
    report = import_embeddings(tmp_path / "out", **arguments, skip_bad_rows=True)
    assert report.n_left_out == {"image": {"repeated id": 1}}
    assert report.n_imported == {"image": N}


def test_galaxies_of_other_surveys_are_named_by_their_positions(
    galaxies: dict[str, Any], tmp_path: Path
) -> None:
    names = [f"b'0421p022-{number}'" for number in range(N)]
    path = write(tmp_path / "a.parquet", galaxies, TARGETID=None, object_id=names)
    arguments: dict[str, Any] = {"encoder": "m", "images": str(path)}
    with pytest.raises(EmbeddingTableError) as caught:
        import_embeddings(tmp_path / "out", **arguments)
    assert str(caught.value) == (
        f"{path}: row 1: the id \"b'0421p022-0'\" is not the TARGETID of a galaxy."
    )
    import_embeddings(tmp_path / "out", **arguments, ids_from_positions=True)
    found = pq.read_table(tmp_path / "out" / "catalogue.parquet").to_pydict()
    assert sorted(found["object_id"]) == sorted(names)
    assert min(found["target_id"]) >= 2**62


def test_image_and_spectrum_of_a_galaxy_are_near_each_other(
    galaxies: dict[str, Any], tmp_path: Path
) -> None:
    images = write(tmp_path / "i.parquet", galaxies, dec=galaxies["dec"] / 2)
    spectra = write(tmp_path / "s.parquet", galaxies)
    with pytest.raises(EmbeddingTableError) as caught:
        import_embeddings(tmp_path / "o", encoder="m", images=str(images), spectra=str(spectra))
    row = int(np.argmin(galaxies["TARGETID"]))
    ra, dec = galaxies["ra"][row], galaxies["dec"][row]
    assert str(caught.value) == (
        f"TARGETID {galaxies['TARGETID'][row]} is at ({ra:.6g}, {dec:.6g}) degrees in the table of "
        f"spectra and at ({ra:.6g}, {dec / 2:.6g}) in that of images."
    )


def test_vectors_of_different_lengths_are_not_one_space(
    galaxies: dict[str, Any], tmp_path: Path
) -> None:
    images = write(tmp_path / "i.parquet", galaxies)
    spectra = write(tmp_path / "s.parquet", galaxies, embedding=galaxies["embedding"][:, :4])
    with pytest.raises(EmbeddingTableError) as caught:
        import_embeddings(tmp_path / "o", encoder="m", images=str(images), spectra=str(spectra))
    assert str(caught.value) == (
        "encoder m: image vectors of 6 and spectrum vectors of 4 dimensions; vectors of one space "
        "have one number of dimensions."
    )


def test_arguments_are_checked_and_nothing_is_replaced(
    galaxies: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        import_embeddings(tmp_path / "out", encoder="m")
    assert str(caught.value) == "neither images nor spectra name a table of embeddings."
    path = write(tmp_path / "a.parquet", galaxies)
    with pytest.raises(ConfigError) as caught:
        import_embeddings(tmp_path / "out", encoder=" ", images=str(path))
    assert str(caught.value) == "encoder is ' '; expected the name of the model."
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(OutputExistsError):
        import_embeddings(tmp_path / "out", encoder="m", images=str(path))
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine"]


def test_models_are_told_apart_by_name(galaxies: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", galaxies)
    for name in ("aion-base", "astropt"):
        import_embeddings(tmp_path / name, encoder=name, images=str(path))
    prints = {open_store(tmp_path / name, "image").fingerprint for name in ("aion-base", "astropt")}
    assert len(prints) == 2
