"""A map is fitted once, stored with its index, and new galaxies are placed on it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import galsearch
from galsearch.analysis import stored_map
from galsearch.analysis.projection import make_map
from galsearch.core.arrays import Float32Array, Vectors
from galsearch.core.errors import (
    MissingModalityError,
    NoMapError,
    OutputFileExistsError,
    QueryError,
)
from galsearch.embeddings import open_store
from galsearch.index import IndexRecipe, add, build_index, remove, verify
from tests.index.changing_index import N_FIRST, RECIPE, part

FITS: list[int] = []


@pytest.fixture(autouse=True)
def quick_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two coordinates of the vectors are the map: compiling UMAP takes most of a minute."""
    FITS.clear()

    def fit(vectors: Vectors, neighbours: Any, *, seed: int) -> Float32Array:
        assert neighbours.rows.shape == (len(vectors), 15)
        assert (neighbours.rows != np.arange(len(vectors))[:, None]).all()
        FITS.append(len(vectors))
        return np.roll(vectors, seed, axis=1)[:, :2] * 10

    monkeypatch.setattr(make_map, "fit_layout", fit)
    monkeypatch.setattr(make_map, "require_umap", lambda: None)
    monkeypatch.setattr(make_map, "library_version", lambda: "toy 1.0")


@pytest.fixture(scope="module")
def parts(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings of two parts of a sky; the second has galaxies of the first among its ids."""
    home, sky = tmp_path_factory.mktemp("parts"), make_sky(N_FIRST + 50)
    order = np.random.default_rng(4).permutation(len(sky.ids))
    sky = type(sky)(sky.ids[order], sky.image[order], sky.spectrum[order])
    part(sky, 0, N_FIRST).write(home / "first", spectrum=slice(0, N_FIRST - 100))
    part(sky, N_FIRST, N_FIRST + 50).write(home / "second")
    return home


@pytest.fixture
def index(parts: Path, tmp_path: Path) -> Path:
    build_index(RECIPE, embeddings=parts / "first", out=tmp_path / "toy")
    return tmp_path / "toy"


def positions(drawn: Any) -> dict[int, tuple[float, float]]:
    return dict(zip(drawn.target_ids.tolist(), zip(drawn.x, drawn.y, strict=True), strict=True))


def test_new_galaxies_are_placed_without_a_new_fit(parts: Path, index: Path) -> None:
    first = galsearch.embedding_map(index, n_fit=200)
    assert (len(first), first.is_fitted.sum(), FITS) == (N_FIRST, 200, [200])
    assert first.entry.trustworthiness > 0.5
    add(parts / "second", index=index)
    second = galsearch.embedding_map(index)
    assert (len(second), FITS) == (N_FIRST + 50, [200])
    assert positions(first).items() <= positions(second).items()
    assert second.is_fitted.sum() == 200
    assert second.entry.created == first.entry.created
    assert verify(index).maps == second.engine.manifest.maps
    assert positions(galsearch.embedding_map(index)) == positions(second)
    generation = second.engine.manifest.generation
    assert galsearch.embedding_map(index).engine.manifest.generation == generation


def test_a_galaxy_that_returns_is_placed_as_before(parts: Path, index: Path) -> None:
    galsearch.embedding_map(index, n_fit=200)
    add(parts / "second", index=index)
    before = positions(galsearch.embedding_map(index))
    second = np.concatenate(list(open_store(parts / "second", "image").iter_ids())).tolist()
    remove(second, index=index)
    left = positions(stored_map(index))
    assert left.keys() == before.keys() - set(second)
    assert left.items() <= before.items()
    add(parts / "second", index=index)
    after = positions(galsearch.embedding_map(index))
    np.testing.assert_allclose(list(after.values()), list(before.values()), atol=1e-5)


def test_each_modality_has_a_map_of_its_own(index: Path) -> None:
    image = galsearch.embedding_map(index)
    assert stored_map(index).using == "image"
    spectrum = galsearch.embedding_map(index, using="spectrum")
    assert (len(image), len(spectrum)) == (N_FIRST, N_FIRST - 100)
    assert set(stored_map(index).engine.manifest.maps) == {"image", "spectrum"}
    assert not np.array_equal(image.x[: len(spectrum)], spectrum.x)
    assert str(spectrum).splitlines()[0] == (
        "spectrum map of index 'toy': 500 galaxies, fitted to 500 with seed 0 (toy 1.0), the "
        "others placed"
    )


def test_parameters_of_a_fit_need_a_fit(index: Path) -> None:
    first = galsearch.embedding_map(index, n_fit=100)
    for words, message in (
        (
            {"seed": 1},
            "the image map of index 'toy' was fitted with seed 0; seed is 1. Another seed needs a "
            "new fit, with refit.",
        ),
        (
            {"n_fit": 300},
            "the image map of index 'toy' was fitted to 100 galaxies; n_fit is 300, which needs a "
            "new fit, with refit.",
        ),
    ):
        with pytest.raises(QueryError) as caught:
            galsearch.embedding_map(index, **words)
        assert str(caught.value) == message
    assert positions(galsearch.embedding_map(index, seed=0)) == positions(first)
    again = galsearch.embedding_map(index, n_fit=300, seed=1, refit=True)
    assert FITS == [100, 300]
    assert (again.entry.seed, again.is_fitted.sum()) == (1, 300)
    assert galsearch.embedding_map(index, n_fit=300, seed=1, refit=True).x.tolist() == (
        again.x.tolist()
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"using": "both"}, "using is 'both'; expected 'image' or 'spectrum'."),
        ({"n_fit": 0}, "n_fit is 0; expected a whole number, 1 or more."),
        ({"seed": -1}, "seed is -1; expected an integer from 0 to 4294967295."),
        ({"seed": 0.5}, "seed is 0.5; expected an integer from 0 to 4294967295."),
    ],
)
def test_wrong_arguments_are_refused(index: Path, words: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError) as caught:
        galsearch.embedding_map(index, **words)
    assert str(caught.value) == message
    assert FITS == []


def test_an_index_without_a_map_says_so(index: Path) -> None:
    with pytest.raises(NoMapError) as caught:
        stored_map(index, using="spectrum")
    assert str(caught.value) == "index 'toy' has no spectrum map; its maps: none."


def test_an_index_of_few_galaxies_or_one_modality_has_no_map(
    parts: Path, make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    few = make_sky(12).write(tmp_path / "embeddings", spectrum=slice(0, 0))
    build_index(IndexRecipe(name="small"), embeddings=few, out=tmp_path / "few")
    with pytest.raises(QueryError) as caught:
        galsearch.embedding_map(tmp_path / "few")
    assert str(caught.value) == "index 'small' has 12 image vectors; a map needs at least 20."
    with pytest.raises(MissingModalityError) as missing:
        galsearch.embedding_map(tmp_path / "few", using="spectrum")
    assert str(missing.value) == "index 'small' has no spectrum vectors, and so no spectrum map."


def test_the_columns_and_the_picture(index: Path, tmp_path: Path) -> None:
    drawn = galsearch.embedding_map(index)
    table = drawn.to_arrow()
    assert table.column_names == ["target_id", "ra_deg", "dec_deg", "z", "x", "y", "is_fitted"]
    assert len(table) == N_FIRST
    np.testing.assert_array_equal(drawn.values("ra_deg"), table["ra_deg"])
    assert table["z"].null_count == N_FIRST // 5
    picture = tmp_path / "map.png"
    pytest.importorskip("matplotlib")
    drawn.write_png(picture, colour_by="z")
    assert picture.read_bytes()[1:4] == b"PNG"
    with pytest.raises(OutputFileExistsError) as exists:
        drawn.write_png(picture)
    assert str(exists.value) == f"{picture}: exists already; nothing was written."
    drawn.write_png(picture, overwrite=True)
    with pytest.raises(QueryError) as caught:
        drawn.write_png(tmp_path / "no.png", colour_by="mass")
    assert str(caught.value) == (
        "the catalogue of index 'toy' has no column 'mass'; it has target_id, ra_deg, dec_deg, z."
    )
    assert not (tmp_path / "no.png").exists()
