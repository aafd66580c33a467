"""A database gives the neighbours that galsearch's exact search gives, and refuses the rest."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import (
    DatabaseError,
    EncoderMismatchError,
    MissingModalityError,
    QueryError,
    UnknownTargetError,
)
from galsearch.databases.export_database import export_database
from galsearch.index import IndexRecipe, build_index
from galsearch.query import Neighbours, SearchEngine, open_index

N, N_SPECTRA = 90, 70
PACKAGES = {"lance": "lancedb", "qdrant": "qdrant_client", "milvus": "pymilvus"}
DIRECTIONS = [(using, among) for using in ("image", "spectrum") for among in ("image", "spectrum")]


@pytest.fixture(scope="module")
def galaxies(make_sky: Any) -> Any:
    """Some galaxies share one embedding: they tie."""
    sky = make_sky(N)
    sky.image[50:55] = sky.image[50]
    return sky


@pytest.fixture(scope="module")
def embeddings(galaxies: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sky") / "embeddings"
    return Path(galaxies.write(home, spectrum=slice(0, N_SPECTRA)))


@pytest.fixture(scope="module")
def index(embeddings: Path) -> SearchEngine:
    build_index(IndexRecipe(name="toy"), embeddings=embeddings, out=embeddings.parent / "index")
    return open_index(embeddings.parent / "index")


@pytest.fixture(scope="module", params=PACKAGES)
def address(request: pytest.FixtureRequest, embeddings: Path) -> str:
    pytest.importorskip(PACKAGES[request.param])
    return export_database(embeddings, request.param, embeddings.parent / request.param).url


@pytest.fixture(scope="module")
def engine(address: str) -> Iterator[SearchEngine]:
    opened = open_index(address)
    yield opened
    opened.close()  # type: ignore[attr-defined]


def assert_same(found: Neighbours, wanted: Neighbours) -> None:
    assert found.target_ids.tolist() == wanted.target_ids.tolist()
    np.testing.assert_allclose(found.similarity, wanted.similarity, atol=2e-7)
    for name in ("ra_deg", "dec_deg", "z"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    assert (found.using, found.among) == (wanted.using, wanted.among)
    assert (found.query_target_id, found.exact) == (wanted.query_target_id, True)


@pytest.mark.parametrize(("using", "among"), DIRECTIONS)
def test_neighbours_are_those_of_exact_search(
    engine: SearchEngine, index: SearchEngine, galaxies: Any, using: str, among: str
) -> None:
    for target_id in galaxies.ids[[3, 20, 52]].tolist():
        words = {"using": using, "among": among, "k": 7}
        assert_same(engine.query(target_id, **words), index.query(target_id, exact=True, **words))


@pytest.mark.parametrize(
    "words",
    [
        {"k": 200},
        {"k": 5, "offset": 3},
        {"k": 30, "min_similarity": 0.6},
        {"where": "z < 0.5 and not 0.1 < z <= 0.2"},
        {"where": "z is None or ra_deg in (1, 2, 3)", "k": 40},
        {"where": "z > 2"},
    ],
    ids=str,
)
def test_words_mean_what_they_mean_to_an_index(
    engine: SearchEngine, index: SearchEngine, galaxies: Any, words: dict[str, Any]
) -> None:
    target_id = int(galaxies.ids[8])
    assert_same(engine.query(target_id, **words), index.query(target_id, exact=True, **words))


def test_neighbours_are_among_given_galaxies(
    engine: SearchEngine, index: SearchEngine, galaxies: Any
) -> None:
    words = {"ids": [5, *galaxies.ids[10:40:3].tolist()], "k": 20}
    target_id = int(galaxies.ids[13])
    assert_same(engine.query(target_id, **words), index.query(target_id, exact=True, **words))


def test_a_vector_and_several_galaxies(
    engine: SearchEngine, index: SearchEngine, galaxies: Any
) -> None:
    words = {"fingerprint": "a" * 64, "using": "image", "among": "spectrum", "k": 4}
    vector = 3 * galaxies.image[7]
    assert_same(
        engine.query_vector(vector, **words), index.query_vector(vector, exact=True, **words)
    )
    ids = galaxies.ids[[30, 4, 9]].tolist()
    found = engine.query_many(ids, k=3)
    assert found.target_ids.tolist() == index.query_many(ids, k=3, exact=True).target_ids.tolist()
    assert found.to_arrow().num_rows == 9


def test_what_is_not_there_is_an_error(engine: SearchEngine, galaxies: Any) -> None:
    place = engine.address  # type: ignore[attr-defined]
    with pytest.raises(UnknownTargetError) as unknown:
        engine.query_many([int(galaxies.ids[0]), 5, 6])
    assert str(unknown.value) == f"2 of 3 TARGETIDs are not in {place}, first 5."
    lacks = int(galaxies.ids[-1])
    with pytest.raises(MissingModalityError) as missing:
        engine.query(lacks, using="spectrum")
    assert str(missing.value) == f"TARGETID {lacks} has no spectrum embedding in {place}."
    with pytest.raises(EncoderMismatchError):
        engine.query_vector(galaxies.image[0], fingerprint="b" * 64, using="image", among="image")
    with pytest.raises(QueryError) as wrong:
        engine.query_vector([1.0], fingerprint="a" * 64, using="image", among="image")
    assert str(wrong.value) == (f"the vector has shape (1,), {place} holds vectors of shape (16,).")
    assert lacks in engine
    assert 5 not in engine
    assert len(engine) == N


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ({"exclude_within": 3.0}, "exclude_within"),
        ({"one_per": "z"}, "one_per"),
        ({"diversity": 0.5}, "diversity"),
        ({"n_probe": 4}, "n_probe"),
        ({"within": (10.0, 0.0, 60.0)}, "within"),
        ({"min_similarity": 0.5}, "min_similarity without k"),
        ({"using": "both"}, "using = 'both'"),
        ({"among": "both"}, "among = 'both'"),
    ],
)
def test_what_needs_an_index_is_refused(
    engine: SearchEngine, galaxies: Any, words: dict[str, Any], word: str
) -> None:
    place = engine.address  # type: ignore[attr-defined]
    with pytest.raises(QueryError) as caught:
        engine.query(int(galaxies.ids[0]), **words)
    assert str(caught.value) == f"{place}: {word} needs an index of galsearch."


def test_inputs_and_parts_of_an_index_are_refused(engine: SearchEngine, galaxies: Any) -> None:
    place = engine.address  # type: ignore[attr-defined]
    for name, call in {
        "position": lambda: engine.query(position=(10.0, 0.0)),
        "like": lambda: engine.query(like=galaxies.ids[:3].tolist()),
        "a manifest (or a gallery without a dataset)": lambda: engine.manifest,
        "a table of queries": lambda: engine.query_table("a.csv", skip_bad_rows=True, k=3),
        "catalogue": lambda: engine.catalogue,
        "index": lambda: engine.index,
        "the cone (1, 2, 3)": lambda: engine.galaxies_within((1, 2, 3)),
    }.items():
        with pytest.raises(QueryError) as caught:
            call()
        assert str(caught.value) == f"{place}: {name} needs an index of galsearch."


def test_an_attribute_that_no_engine_has_is_no_attribute(engine: SearchEngine) -> None:
    assert not hasattr(engine, "_repr_html_")
    with pytest.raises(AttributeError, match="'DatabaseEngine' object has no attribute 'querry'"):
        _ = engine.querry  # type: ignore[attr-defined]


def test_an_engine_can_be_sent_to_another_process(engine: SearchEngine) -> None:
    address = engine.address  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(address)) == address  # noqa: S301 (our own bytes)
    kind, arguments = engine.__reduce__()
    assert (kind, arguments) == (type(engine), (address,))


def test_a_table_with_other_rows_is_incomplete(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = engine.address  # type: ignore[attr-defined]
    monkeypatch.setattr(type(engine._database), "count", lambda _self, _table: 3)  # type: ignore[attr-defined]
    with pytest.raises(DatabaseError) as caught:
        engine._read_facts()  # type: ignore[attr-defined]
    assert str(caught.value) == (f"{place}: table galaxies_image holds 3 rows; 90 were exported.")


def test_a_database_without_our_tables_is_an_error(address: str, engine: SearchEngine) -> None:
    if address.startswith("lance"):
        with pytest.raises(DatabaseError) as caught:
            open_index(f"{address}#dr1")
        path = address.removeprefix("lance://")
        assert str(caught.value) == (
            f"lance database {path}: has no table dr1_image or dr1_spectrum."
        )
