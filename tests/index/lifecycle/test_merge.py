"""Parts that were built apart with the same quantisers are, merged, the index built at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import (
    DifferentQuantisersError,
    GalsearchError,
    ManifestError,
    NotCompactError,
    ShardError,
)
from galsearch.core.modality import DIRECTIONS
from galsearch.index import (
    IndexRecipe,
    build_index,
    compact,
    merge,
    open_build,
    remove,
    verify,
)

N = 900


def part_of(sky: Any, rows: slice) -> Any:
    return type(sky)(sky.ids[rows], sky.image[rows], sky.spectrum[rows])


@pytest.fixture(scope="module")
def home(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings of all galaxies, and of three parts whose TARGETIDs interleave."""
    home = tmp_path_factory.mktemp("merging")
    sky = make_sky(N)
    sky.write(home / "all")
    for number in range(3):
        part_of(sky, slice(number, None, 3)).write(home / f"part-{number}")
    return home


def build_apart(home: Path, out: Path, **recipe: Any) -> list[Path]:
    """The first part trains; the others take its quantisers; and all at once with them."""
    wanted = IndexRecipe(name="toy", n_tuning_queries=60, n_lists=16, flat_below=100, **recipe)
    parts = [out / f"build-{number}" for number in range(3)]
    for number, part in enumerate(parts):
        quantisers = parts[0] if number else None
        build_index(wanted, embeddings=home / f"part-{number}", out=part, quantisers=quantisers)
    build_index(wanted, embeddings=home / "all", out=out / "at-once", quantisers=parts[0])
    return parts


@pytest.mark.parametrize(
    "recipe",
    [
        {"family": "ivfsq", "store": "int8"},
        {"family": "ivfsq"},
        {"family": "ivfpq", "n_bits": 4},
        {"family": "fastscan", "store": "float16"},
        {"family": "flat", "store": "int8"},
    ],
    ids=str,
)
def test_merged_parts_have_the_neighbours_of_one_index(
    home: Path, tmp_path: Path, recipe: dict[str, Any]
) -> None:
    parts = build_apart(home, tmp_path, **recipe)
    merge(parts[::-1], out=tmp_path / "merged")
    merged, at_once = verify(tmp_path / "merged"), verify(tmp_path / "at-once")
    for name, digest in at_once.files.items():
        if name.startswith("catalogue"):
            continue  # places of the toy galaxies depend on the part
        assert merged.files[name].sha256 == digest.sha256, name
    for entry, other in zip(merged.directions, at_once.directions, strict=True):
        assert (entry.n_probe, entry.rerank) == (other.n_probe, other.rerank)
    records = [open_build(part).catalogue_records(open_build(part).ids) for part in parts]
    joined = np.sort(np.concatenate(records), order="target_id")
    found = open_build(tmp_path / "merged").catalogue_records(joined["target_id"])
    assert found.tobytes() == joined.tobytes()
    one, other_one = open_build(tmp_path / "merged"), open_build(tmp_path / "at-once")
    for using, among in DIRECTIONS:
        queries = one.stored(using).take(np.arange(0, N, 7))
        found, other = (
            index.search(queries, using=using, among=among, k=10) for index in (one, other_one)
        )
        assert np.array_equal(found.target_ids, other.target_ids)
        assert np.array_equal(found.similarity, other.similarity)


def test_indexes_that_do_not_match_are_not_merged(home: Path, tmp_path: Path) -> None:
    first, second, third = build_apart(home, tmp_path, family="ivfsq")

    def refused(parts: list[Path], error: type[GalsearchError] = ManifestError) -> str:
        with pytest.raises(error) as caught:
            merge(parts, out=tmp_path / "merged")
        assert not (tmp_path / "merged").exists()
        return str(caught.value)

    assert refused([]) == "there is no part to merge."
    message = refused([first, first], ShardError)
    assert message == (
        f"300 galaxies are in more than one part, first TARGETID {open_build(first).ids[0]}, which "
        f"is in {first} and in {first}."
    )
    stranger = tmp_path / "stranger"
    recipe = IndexRecipe(name="toy", n_tuning_queries=60, n_lists=16, family="ivfsq", flat_below=9)
    build_index(recipe, embeddings=home / "part-1", out=stranger)
    assert refused([first, stranger], DifferentQuantisersError) == (
        f"{stranger}: its image lists have other quantisers than those of {first}."
    )
    remove(open_build(third).ids[:3], index=third)
    assert refused([first, second, third], NotCompactError) == (
        f"{third}: galaxies were added or removed after it was built."
    )


@pytest.mark.parametrize("flat_below", [100, 1000])
def test_a_part_with_many_removed_galaxies_is_not_merged(
    home: Path, tmp_path: Path, flat_below: int
) -> None:
    """The change that completes a tenth measures recall again, so nothing counts as changed."""
    recipe = IndexRecipe(name="toy", n_tuning_queries=60, n_lists=16, flat_below=flat_below)
    first, second = tmp_path / "first", tmp_path / "second"
    build_index(recipe, embeddings=home / "part-0", out=first)
    build_index(recipe, embeddings=home / "part-1", out=second, quantisers=first)
    remove(open_build(second).ids[-60:], index=second)
    assert open_build(second).manifest.n_changed == 0
    with pytest.raises(NotCompactError):
        merge([first, second], out=tmp_path / "merged")
    compact(second)
    assert merge([first, second], out=tmp_path / "merged").n_galaxies == 540


def test_images_and_spectra_of_the_same_galaxies_are_not_merged(
    make_sky: Callable[..., Any], home: Path, tmp_path: Path
) -> None:
    """Both parts have a row of the catalogue for each galaxy, and the rows could differ."""
    sky = make_sky(60)
    images = sky.write(tmp_path / "images", spectrum=slice(0, 10))
    spectra = sky.write(tmp_path / "spectra", image=slice(50, 60), spectrum=slice(10, 60))
    recipe = IndexRecipe(n_tuning_queries=5)
    build_index(recipe, embeddings=images, out=tmp_path / "first")
    build_index(recipe, embeddings=spectra, out=tmp_path / "second", quantisers=tmp_path / "first")
    with pytest.raises(ShardError) as caught:
        merge([tmp_path / "second", tmp_path / "first"], out=tmp_path / "merged")
    assert str(caught.value) == (
        f"60 galaxies are in more than one part, first TARGETID {sky.ids[0]}, which is in "
        f"{tmp_path / 'second'} and in {tmp_path / 'first'}."
    )
    assert not (tmp_path / "merged").exists()
