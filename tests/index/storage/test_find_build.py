"""The index that is opened where no directory is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import (
    NoIndexError,
    SeveralIndexesError,
)
from galsearch.index import IndexRecipe, build_index, find_build, open_build, verify


def test_the_only_build_is_found_and_several_are_listed(
    make_sky: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoIndexError) as caught:
        find_build()
    assert str(caught.value) == "there is no index under index_builds/."
    embeddings = make_sky(40).write(tmp_path / "sky")
    for name in ("one", "two"):
        build_index(IndexRecipe(), embeddings=embeddings, out=Path("index_builds") / name)
        if name == "one":
            assert verify().n_galaxies == 40
    with pytest.raises(SeveralIndexesError) as caught:
        open_build()
    assert str(caught.value) == (
        "2 indexes are under index_builds/: index_builds/one, index_builds/two."
    )
