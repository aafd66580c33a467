"""Rounded vectors through the life of an index: exact search, changes, and older formats."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import DifferentQuantisersError, RoundedVectorsError
from galsearch.core.modality import Modality
from galsearch.index import IndexRecipe, add, build_index, compact, merge, open_build
from galsearch.index.vectors.array_files import (
    ORIGINALS_NAME,
    WHOLE_ROWS_NAME,
    WHOLE_VECTORS_NAME,
)
from tests.index.tampering import change_manifest

IMAGES = {"using": Modality.IMAGE, "among": Modality.IMAGE}
BESIDE = (ORIGINALS_NAME, WHOLE_ROWS_NAME, WHOLE_VECTORS_NAME)


@pytest.fixture(scope="module")
def parts(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A sky of 400 galaxies, and embeddings of its first 40, of its others, and of all."""
    sky, home = make_sky(400, dim=24), tmp_path_factory.mktemp("parts")
    slices = {"few": slice(0, 40), "more": slice(40, 400), "all": slice(0, 400)}
    for name, rows in slices.items():
        type(sky)(sky.ids[rows], sky.image[rows], sky.spectrum[rows]).write(home / name)
    return sky, home


def check_exact(sky: Any, index: Path) -> None:
    """Check that exact search finds the ten nearest of the vectors as they were embedded."""
    found = open_build(index).search(sky.image, k=10, exact=True, **IMAGES)
    truth = np.argsort(-(sky.image.astype(np.float64) @ sky.image.T), axis=1)[:, :10]
    assert np.array_equal(np.sort(found.target_ids), np.sort(sky.ids[truth]))
    assert found.exact.all()
    cosines = np.take_along_axis(sky.image @ sky.image.T, truth, axis=1)
    assert np.quantile(np.abs(found.similarity - cosines), 0.99) < 2e-3


@pytest.mark.parametrize("store", ["float32", "float16", "int8"])
def test_exact_search_is_right_after_few_galaxies_have_grown_to_many(
    parts: Any, tmp_path: Path, store: Any
) -> None:
    sky, home = parts
    index = tmp_path / "index"
    build_index(IndexRecipe(store=store), embeddings=home / "few", out=index)
    add(home / "more", index=index)
    check_exact(sky, index)
    compact(index)
    check_exact(sky, index)
    assert (open_build(index).manifest.directions[0].recall_at_10) == 1.0


def test_without_the_originals_exact_search_is_refused(parts: Any, tmp_path: Path) -> None:
    sky, home = parts
    recipe = IndexRecipe(name="small", store="int8", keep_originals=False)
    build_index(recipe, embeddings=home / "few", out=tmp_path / "index")
    add(home / "more", index=tmp_path / "index")
    compact(tmp_path / "index")
    assert not list((tmp_path / "index").rglob(ORIGINALS_NAME))
    opened = open_build(tmp_path / "index")
    with pytest.raises(RoundedVectorsError) as caught:
        opened.search(sky.image[:1], k=1, exact=True, **IMAGES)
    assert str(caught.value) == (
        "exact search compares vectors as they were embedded, and index 'small' keeps its image "
        "vectors only rounded to int8."
    )
    found = opened.search(sky.image[:5], k=1, **IMAGES)
    assert found.target_ids[:, 0].tolist() == sky.ids[:5].tolist()
    assert not found.exact.any()


def test_merged_parts_keep_their_originals_and_whole_rows(parts: Any, tmp_path: Path) -> None:
    sky, home = parts
    build_index(IndexRecipe(store="int8"), embeddings=home / "few", out=tmp_path / "few")
    recipe = IndexRecipe(store="int8")
    build_index(
        recipe, embeddings=home / "more", out=tmp_path / "more", quantisers=tmp_path / "few"
    )
    merge([tmp_path / "more", tmp_path / "few"], out=tmp_path / "merged")
    check_exact(sky, tmp_path / "merged")
    stored = open_build(tmp_path / "merged").stored(Modality.IMAGE)
    whole = stored.segments[0].whole
    assert len(whole) > 100
    assert np.array_equal(whole.vectors, sky.image[whole.rows])


def test_parts_that_are_rounded_along_other_axes_are_not_merged(parts: Any, tmp_path: Path) -> None:
    _, home = parts
    for name in ("few", "more"):
        build_index(IndexRecipe(store="int8"), embeddings=home / name, out=tmp_path / name)
    with pytest.raises(DifferentQuantisersError) as caught:
        merge([tmp_path / "few", tmp_path / "more"], out=tmp_path / "merged")
    assert str(caught.value) == (
        f"{tmp_path / 'more'}: its image vectors are rounded along other axes than those of "
        f"{tmp_path / 'few'}."
    )


def test_an_index_of_format_5_is_read_changed_and_never_searched_exactly(
    parts: Any, tmp_path: Path
) -> None:
    sky, home = parts
    index = tmp_path / "index"
    build_index(IndexRecipe(store="int8"), embeddings=home / "few", out=index)

    def as_format_5(table: dict[str, Any]) -> None:
        table["format_version"] = 5
        del table["recipe"]["keep_originals"]
        for name in [name for name in table["files"] if Path(name).name in BESIDE]:
            del table["files"][name]
            (index / name).unlink()

    change_manifest(index, as_format_5)
    for change in (lambda: None, lambda: add(home / "more", index=index), lambda: compact(index)):
        change()
        opened = open_build(index)
        with pytest.raises(RoundedVectorsError):
            opened.search(sky.image[:1], k=1, exact=True, **IMAGES)
        found = opened.search(sky.image[:9], k=1, **IMAGES)
        assert found.target_ids[:, 0].tolist() == sky.ids[:9].tolist()
