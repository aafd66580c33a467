"""Replacing an index, and refusing to replace anything else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import (
    ChangedMeanwhileError,
    IndexExistsError,
    LockedError,
    NoIndexError,
    OutputExistsError,
)
from galsearch.index import IndexRecipe, add, build_index, compact, merge, remove
from galsearch.index.storage import finish_manifest, generations
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.index.storage.staging import new_build
from tests.file_size_limit import check_failing_writes


def test_an_index_is_replaced_only_with_overwrite_and_other_files_never(
    make_sky: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embeddings = make_sky(40).write(tmp_path / "sky")
    out = tmp_path / "builds" / "small"
    build_index(IndexRecipe(), embeddings=embeddings, out=out)
    with pytest.raises(IndexExistsError) as caught:
        build_index(IndexRecipe(), embeddings=embeddings, out=out)
    assert str(caught.value) == (f"{out}: holds an index already; nothing was changed.")
    build_index(IndexRecipe(name="new"), embeddings=embeddings, out=out, overwrite=True)
    assert read_manifest(out).recipe.name == "new"
    with pytest.raises(OutputExistsError) as caught:
        build_index(IndexRecipe(), embeddings=embeddings, out=tmp_path / "sky", overwrite=True)
    assert str(caught.value) == (
        f"{tmp_path / 'sky'}: exists and is not an index; nothing was changed."
    )
    monkeypatch.setattr(finish_manifest, "write_manifest", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build_index(IndexRecipe(), embeddings=embeddings, out=out, overwrite=True)
    assert read_manifest(out).recipe.name == "new"
    assert [path.name for path in out.parent.iterdir()] == ["small"]


def test_nobody_changes_or_builds_an_index_that_is_being_replaced(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    embeddings, out = make_sky(40).write(tmp_path / "sky"), tmp_path / "index"
    built = build_index(IndexRecipe(), embeddings=embeddings, out=out)
    with new_build(out, overwrite=True) as directory:
        for change in (
            lambda: add(embeddings, index=out),
            lambda: remove([1], index=out),
            lambda: compact(out),
            lambda: merge([out], out=out, overwrite=True),
            lambda: build_index(IndexRecipe(), embeddings=embeddings, out=out, overwrite=True),
        ):
            with pytest.raises(LockedError) as caught:
                change()
            assert str(caught.value) == f"{out}: another process is changing this directory."
        (directory / "manifest.json").write_bytes((out / "manifest.json").read_bytes())
    assert read_manifest(out) == built
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "sky"]


def test_an_index_beside_other_files_is_not_replaced(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    embeddings, out = make_sky(40).write(tmp_path / "sky"), tmp_path / "index"
    build_index(IndexRecipe(), embeddings=embeddings, out=out)
    (out / "thesis.tex").write_text("42")
    with pytest.raises(OutputExistsError) as caught:
        build_index(IndexRecipe(), embeddings=embeddings, out=out, overwrite=True)
    assert str(caught.value) == (
        f"{out}: holds thesis.tex beside its index (1 such); nothing was changed."
    )
    assert (out / "thesis.tex").read_text() == "42"


def test_a_change_never_replaces_the_manifest_of_another_index(
    make_sky: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sky = make_sky(40)
    embeddings, out = sky.write(tmp_path / "sky"), tmp_path / "index"
    build_index(IndexRecipe(), embeddings=embeddings, out=out)
    other = build_index(IndexRecipe(name="other"), embeddings=embeddings, out=tmp_path / "other")
    real = generations.commit_manifest

    def exchanged(*arguments: Any) -> None:
        out.rename(tmp_path / "moved")
        (tmp_path / "other").rename(out)
        real(*arguments)

    monkeypatch.setattr("galsearch.index.lifecycle.commit.commit_manifest", exchanged)
    with pytest.raises(ChangedMeanwhileError) as caught:
        remove(sky.ids[:3], index=out)
    assert str(caught.value) == (
        f"{out}: holds another index than when this change began; the change was not made."
    )
    assert read_manifest(out) == other


def test_an_index_that_was_put_aside_is_named_and_put_back(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(40)
    out, aside = tmp_path / "index", tmp_path / ".index.0123456789ab.old"
    build_index(IndexRecipe(), embeddings=sky.write(tmp_path / "sky"), out=out)
    out.rename(aside)
    with pytest.raises(NoIndexError) as caught:
        read_manifest(out)
    assert str(caught.value) == (
        f"{out}: is not an index, it has no manifest.json. Its replacement was interrupted: the "
        f"index that was here is in {aside}, and the next build or change puts it back."
    )
    assert remove(sky.ids[:3], index=out).n_galaxies == 37
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "sky"]


@pytest.mark.parametrize("old", [False, True])
def test_an_index_that_cannot_be_written_replaces_none(
    make_sky: Callable[..., Any], tmp_path: Path, old: bool
) -> None:
    embeddings, out = make_sky(80).write(tmp_path / "sky"), tmp_path / "home" / "toy"
    recipe = IndexRecipe(flat_below=30, n_lists=2, n_bits=4, n_tuning_queries=2, n_probe=1)
    out.parent.mkdir()
    if old:
        build_index(IndexRecipe(), embeddings=embeddings, out=out)

    def write() -> None:
        build_index(recipe, embeddings=embeddings, out=out, overwrite=old)

    check_failing_writes(write, out)
    assert read_manifest(out).recipe == recipe
