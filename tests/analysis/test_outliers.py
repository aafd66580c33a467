"""Anomaly and inconsistency find what was put in, and agree with slow versions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import galsearch
from galsearch.core.errors import MissingModalityError, QueryError
from galsearch.index import IndexRecipe, build_index
from galsearch.query import SearchEngine, open_index
from tests.analysis.labelled_sky import N_SPECTRA, N
from tests.conftest import Sky


@pytest.fixture(scope="module")
def exchanged(make_sky: Callable[..., Sky], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index in which ten galaxies have the spectra of others, and one image is like no other."""
    sky = make_sky(350, seed=12)
    sky.spectrum[:10] = sky.spectrum[np.roll(np.arange(10), 1)]
    sky.image[349] = -sky.image[349]
    home = tmp_path_factory.mktemp("exchanged")
    recipe = IndexRecipe(name="exchanged", n_tuning_queries=50)
    build_index(recipe, embeddings=sky.write(home / "sky"), out=home / "index")
    return home / "index"


@pytest.mark.parametrize("similarity", ["cosine", "csls"])
def test_exchanged_spectra_are_inconsistent(exchanged: Path, similarity: str) -> None:
    engine = open_index(exchanged)
    found = galsearch.outliers(index=engine, similarity=similarity, rank_by="inconsistency")
    wrong = np.isin(found.target_ids, engine.index.ids[:10])
    assert np.median(found.columns["inconsistency_p"][wrong]) < 0.05
    assert (np.diff(found.columns["inconsistency"]) <= 0).all()


def test_a_strange_image_is_an_anomaly(exchanged: Path) -> None:
    engine = open_index(exchanged)
    found = galsearch.outliers(index=engine, rank_by="image_anomaly", top=1)
    assert found.target_ids.tolist() == [engine.index.ids[349]]
    assert found.columns["image_anomaly_p"].tolist() == [1 / 350]


def test_scores_are_those_of_a_slow_version(labelled_engine: SearchEngine, labelled: Sky) -> None:
    found = galsearch.outliers(index=labelled_engine, k=3)
    np.testing.assert_array_equal(found.target_ids, labelled.ids)
    own = (labelled.image * labelled.spectrum).sum(axis=1)
    own[N_SPECTRA:] = np.nan
    usual = np.full((N, 6), np.nan)
    for number, vectors in enumerate((labelled.image, labelled.spectrum[:N_SPECTRA])):
        cosines = vectors @ vectors.T
        np.fill_diagonal(cosines, -2)
        order = np.argsort(-cosines, axis=1)[:, :3]
        usual[: len(vectors), 3 * number : 3 * number + 3] = own[order]
        kth = np.take_along_axis(cosines, order[:, 2:], axis=1)[:, 0]
        name = ("image_anomaly", "spectrum_anomaly")[number]
        np.testing.assert_allclose(found.columns[name][: len(vectors)], 1 - kth, atol=1e-5)
    np.testing.assert_allclose(
        found.columns["inconsistency"], np.nanmedian(usual, axis=1) - own, atol=1e-5
    )
    scores = found.columns["image_anomaly"]
    n_as_large = (scores[:, None] <= scores).sum(axis=1)
    np.testing.assert_allclose(found.columns["image_anomaly_p"], n_as_large / N)


def test_galaxies_without_a_score_are_not_ranked(labelled_engine: SearchEngine) -> None:
    found = galsearch.outliers(index=labelled_engine, rank_by="inconsistency")
    assert len(found) == N_SPECTRA
    some = galsearch.outliers(index=labelled_engine, where="n_arms == 1")
    assert len(some) == N // 3
    assert np.isnan(some.columns["spectrum_anomaly"]).any()


def test_an_index_of_one_modality_has_one_score(
    make_sky: Callable[..., Sky], tmp_path: Path
) -> None:
    embeddings = make_sky(100).write(tmp_path / "sky", spectrum=slice(0, 0))
    recipe = IndexRecipe(name="images", n_tuning_queries=20)
    build_index(recipe, embeddings=embeddings, out=tmp_path / "index")
    engine = open_index(tmp_path / "index")
    assert galsearch.outliers(index=engine).scores == ("image_anomaly",)
    with pytest.raises(MissingModalityError) as error:
        galsearch.outliers(index=engine, rank_by="inconsistency")
    assert str(error.value) == (
        "the score inconsistency needs image and spectrum vectors; the index has no spectrum "
        "vectors."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k is 0; expected a whole number, 1 or more."),
        ({"top": -1}, "top is -1; expected a whole number, 1 or more."),
        ({"similarity": "dot"}, "similarity is 'dot'; expected 'cosine' or 'csls'."),
        (
            {"rank_by": "oddity"},
            "rank_by is 'oddity'; expected image_anomaly, spectrum_anomaly or inconsistency.",
        ),
        (
            {"where": "n_arms > 9"},
            "where 'n_arms > 9': none of the 600 galaxies fulfils it.",
        ),
    ],
)
def test_wrong_requests_are_refused(
    labelled_engine: SearchEngine, arguments: dict, message: str
) -> None:
    with pytest.raises(QueryError) as error:
        galsearch.outliers(index=labelled_engine, **arguments)
    assert str(error.value) == message
