"""Questions to an opened index: four directions, one truth."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import (
    EncoderMismatchError,
    MissingModalityError,
    QueryError,
    UnknownTargetError,
)
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.core.target_id import TargetId
from galsearch.index import IndexRecipe, build_index
from galsearch.query import Neighbours, SearchEngine, open_index
from tests.reference.brute_force import brute_force

N, N_SPECTRA = 1200, 1100


@pytest.fixture(scope="module")
def sky(make_sky: Callable[..., Any]) -> Any:
    """Some galaxies share one embedding: duplicates tie."""
    sky = make_sky(N)
    sky.image[50:60] = sky.image[50]
    sky.spectrum[70:75] = sky.spectrum[70]
    return sky


@pytest.fixture(scope="module")
def home(sky: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("engine")
    embeddings = sky.write(home / "sky", spectrum=slice(0, N_SPECTRA))
    recipe = IndexRecipe(name="toy", n_tuning_queries=50)
    build_index(recipe, embeddings=embeddings, out=home / "index_builds" / "toy")
    return home


@pytest.fixture(scope="module")
def engine(home: Path) -> SearchEngine:
    return open_index(home / "index_builds" / "toy")


def stored(sky: Any, kind: Modality) -> tuple[np.ndarray, np.ndarray]:
    n = N if kind is Modality.IMAGE else N_SPECTRA
    return getattr(sky, kind)[:n], sky.ids[:n]


def same(one: Neighbours, other: Neighbours) -> bool:
    arrays = ("target_ids", "similarity", "ra_deg", "dec_deg", "z")
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "z")
        for name in arrays
    )


@given(
    row=st.integers(0, N_SPECTRA - 1),
    direction=st.sampled_from(DIRECTIONS),
    k=st.integers(1, 40) | st.just(N) | st.just(10**9),
    exact=st.booleans(),
)
def test_an_answer_is_sorted_whole_and_of_true_cosines(
    sky: Any, engine: SearchEngine, row: int, direction: Any, k: int, exact: bool
) -> None:
    using, among = direction
    answer = engine.query(int(sky.ids[row]), using=using, among=among, k=k, exact=exact)
    vectors, ids = stored(sky, among)
    # Neighbours itself checks the order, that no id comes twice and that none asks itself.
    assert len(answer) == min(k, len(ids) - 1)
    rows = np.searchsorted(ids, answer.target_ids)
    np.testing.assert_array_equal(ids[rows], answer.target_ids)
    cosines = vectors[rows].astype(float) @ getattr(sky, using)[row].astype(float)
    np.testing.assert_allclose(answer.similarity, cosines, atol=1e-6)
    np.testing.assert_array_equal(answer.ra_deg, rows % 360.0)
    np.testing.assert_array_equal(np.isnan(answer.z), rows % 5 == 0)
    if answer.exact:
        expected = brute_force(
            vectors, ids, getattr(sky, using)[row], k=k, exclude=int(sky.ids[row])
        )
        np.testing.assert_allclose(answer.similarity, expected[1], atol=1e-6)


def test_the_inverted_lists_answer_and_agree_with_brute_force_to_the_target(
    sky: Any, engine: SearchEngine
) -> None:
    for using, among in DIRECTIONS:
        answers = engine.query_many(sky.ids[:300], using=using, among=among)
        truth = engine.query_many(sky.ids[:300], using=using, among=among, exact=True)
        assert not any(answer.exact for answer in answers)
        assert all(answer.exact for answer in truth)
        shares = [
            np.mean(found.similarity >= exact.similarity[-1])
            for found, exact in zip(answers, truth, strict=True)
        ]
        assert np.mean(shares) > 0.9


def test_duplicates_tie_and_come_by_ascending_id(sky: Any, engine: SearchEngine) -> None:
    answer = engine.query(int(sky.ids[55]), using="image", among="image", k=9)
    assert answer.target_ids.tolist() == [int(i) for i in sky.ids[50:60] if i != sky.ids[55]]
    np.testing.assert_array_equal(answer.similarity, np.ones(9, np.float32))


def test_a_galaxy_never_answers_itself_across_modalities(sky: Any, engine: SearchEngine) -> None:
    own = int(sky.ids[7])
    answer = engine.query(own, using="image", among="spectrum", k=N)
    assert own not in answer.target_ids
    assert len(answer) == N_SPECTRA - 1
    assert answer.query_target_id == TargetId(own)


def test_a_galaxy_that_is_not_searched_gets_every_one_that_is(
    sky: Any, engine: SearchEngine
) -> None:
    answer = engine.query(int(sky.ids[-1]), using="image", among="spectrum", k=N)
    assert len(answer) == N_SPECTRA


def test_a_batch_gives_what_single_questions_give(sky: Any, engine: SearchEngine) -> None:
    ids = [int(i) for i in sky.ids[:40]]
    batch = engine.query_many(ids, using="spectrum", among="image", k=7)
    assert len(batch) == 40
    for target_id, answer in zip(ids, batch, strict=True):
        assert same(answer, engine.query(str(target_id), using="spectrum", among="image", k=7))
    assert len(engine.query_many([])) == 0


def test_eight_threads_get_what_one_gets(sky: Any, home: Path) -> None:
    fresh = open_index(home / "index_builds" / "toy")
    questions = [(int(i), *DIRECTIONS[row % 4], 1 + row % 3) for row, i in enumerate(sky.ids[:160])]
    answers: list[Neighbours | None] = [None] * len(questions)
    barrier = threading.Barrier(8)

    def ask(first: int) -> None:
        barrier.wait()
        for number in range(first, len(questions), 8):
            target_id, using, among, n_probe = questions[number]
            answers[number] = fresh.query(target_id, using=using, among=among, n_probe=n_probe)

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    serial = open_index(home / "index_builds" / "toy")
    for answer, (target_id, using, among, n_probe) in zip(answers, questions, strict=True):
        assert answer is not None
        assert same(answer, serial.query(target_id, using=using, among=among, n_probe=n_probe))


def test_a_vector_asks_like_the_galaxy_whose_it_is(sky: Any, engine: SearchEngine) -> None:
    answer = engine.query_vector(
        3 * sky.image[11], fingerprint="a" * 64, using="image", among="spectrum", k=5, exact=True
    )
    vectors, ids = stored(sky, Modality.SPECTRUM)
    assert answer.target_ids.tolist() == brute_force(vectors, ids, sky.image[11], k=5)[0].tolist()
    assert answer.query_target_id is None


def test_a_vector_of_another_encoder_is_refused(sky: Any, engine: SearchEngine) -> None:
    with pytest.raises(EncoderMismatchError) as caught:
        engine.query_vector(sky.image[0], fingerprint="c" * 64, using="image", among="image")
    assert str(caught.value) == (
        "index 'toy' has embeddings of encoder aaaaaaaaaaaaaaaa, the query vector of encoder "
        "cccccccccccccccc. Similarities between embeddings of different encoders have no meaning."
    )


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.ones(3), "the vector has shape (3,), index 'toy' holds vectors of shape (16,)."),
        (np.zeros(16), "the query vector is zero or not finite, and so has no direction."),
        (np.full(16, np.nan), "the query vector is zero or not finite, and so has no direction."),
    ],
)
def test_a_vector_that_cannot_ask_is_refused(
    engine: SearchEngine, vector: np.ndarray, message: str
) -> None:
    with pytest.raises(QueryError) as caught:
        engine.query_vector(vector, fingerprint="a" * 64, using="image", among="image")
    assert str(caught.value) == message


def test_an_unknown_galaxy_is_refused(engine: SearchEngine) -> None:
    with pytest.raises(UnknownTargetError) as caught:
        engine.query("39627848784286003")
    assert str(caught.value) == (
        "TARGETID 39627848784286003 is not in index 'toy' (1,200 galaxies)."
    )
    assert "39627848784286003" not in engine


def test_a_galaxy_without_the_modality_is_told_which_it_has(sky: Any, engine: SearchEngine) -> None:
    target_id = int(sky.ids[-1])
    assert target_id in engine
    with pytest.raises(MissingModalityError) as caught:
        engine.query(target_id, using="spectrum")
    assert str(caught.value) == (
        f"TARGETID {target_id} has no spectrum embedding in index 'toy' (1,200 images, 1,100 "
        "spectra); its image embedding is present."
    )


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"k": 0}, "k is 0; expected a whole number, 1 or more."),
        ({"k": 2.5}, "k is 2.5; expected a whole number, 1 or more."),
        ({"k": True}, "k is True; expected a whole number, 1 or more."),
        ({"n_probe": 0}, "n_probe is 0; expected a whole number, 1 or more."),
        ({"using": "picture"}, "using is 'picture'; expected 'image' or 'spectrum'."),
        ({"among": ""}, "among is ''; expected 'image' or 'spectrum'."),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    sky: Any, engine: SearchEngine, question: dict[str, Any], message: str
) -> None:
    with pytest.raises(QueryError) as caught:
        engine.query(int(sky.ids[0]), **question)
    assert str(caught.value) == message


def test_an_index_of_spectra_alone_says_so(make_sky: Callable[..., Any], tmp_path: Path) -> None:
    sky = make_sky(30)
    embeddings = sky.write(tmp_path / "sky", image=slice(0, 0))
    build_index(IndexRecipe(name="spectra"), embeddings=embeddings, out=tmp_path / "build")
    engine = open_index(tmp_path / "build")
    with pytest.raises(MissingModalityError) as caught:
        engine.query(int(sky.ids[0]), using="spectrum", among="image")
    assert str(caught.value) == (
        "index 'spectra' has no image vectors; it was built of spectrum vectors alone."
    )
    assert len(engine.query(int(sky.ids[0]), using="spectrum", among="spectrum", k=99)) == 29


def test_a_galaxy_from_other_embeddings_asks(
    make_sky: Callable[..., Any], engine: SearchEngine, sky: Any, tmp_path: Path
) -> None:
    others = make_sky(20, seed=9)
    embeddings = others.write(tmp_path / "others")
    query_id = int(others.ids[3])
    how = {"using": "spectrum", "among": "image", "exact": True}
    answer = engine.query(query_id, from_embeddings=embeddings, **how)
    expected = brute_force(sky.image, sky.ids, others.spectrum[3], k=10)
    assert answer.target_ids.tolist() == expected[0].tolist()
    assert answer.query_target_id == TargetId(query_id)
    foreign = others.write(tmp_path / "foreign", fingerprints=("b" * 64, "b" * 64))
    with pytest.raises(EncoderMismatchError) as caught:
        engine.query(query_id, using="spectrum", from_embeddings=foreign)
    assert str(caught.value) == (
        f"index 'toy' has embeddings of encoder aaaaaaaaaaaaaaaa, {foreign} of encoder "
        "bbbbbbbbbbbbbbbb. Similarities between embeddings of different encoders have no meaning."
    )


def test_the_former_name_of_from_embeddings_is_accepted_with_a_warning(
    make_sky: Callable[..., Any], engine: SearchEngine, tmp_path: Path
) -> None:
    others = make_sky(20, seed=9)
    embeddings = others.write(tmp_path / "others")
    query_id = int(others.ids[3])
    for search in (engine.query, lambda one, **how: engine.query_many([one], **how)[0]):
        with pytest.warns(DeprecationWarning, match="asking is now called from_embeddings"):
            found = search(query_id, asking=embeddings)
        assert same(found, engine.query(query_id, from_embeddings=embeddings))


def test_the_only_build_here_is_opened_by_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    assert open_index().manifest.recipe.name == "toy"


def test_a_cold_query_loads_numpy_and_faiss_and_nothing_heavier(home: Path, sky: Any) -> None:
    script = (
        "import sys\n"
        "from galsearch.query import open_index\n"
        f"open_index({str(home / 'index_builds' / 'toy')!r}).query({int(sky.ids[0])})\n"
        "heavy = {'torch', 'polars', 'pandas', 'pyarrow', 'astropy', 'scipy', 'faiss', 'numpy'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["faiss", "numpy"]
