"""Replacing an index, and refusing to replace anything else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import (
    IndexExistsError,
    OutputExistsError,
)
from galsearch.index import IndexRecipe, build_index
from galsearch.index.storage import finish_manifest
from galsearch.index.storage.manifest_json import read_manifest


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
