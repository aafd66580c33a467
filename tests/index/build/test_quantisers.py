"""Quantisers that are taken from another index."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import (
    MissingModalityError,
)
from galsearch.core.modality import Modality
from galsearch.index import IndexRecipe, build_index, open_build


def test_quantisers_of_a_build_without_the_modality_are_refused(
    make_sky: Callable[..., Any], toy_embeddings: Path, tmp_path: Path
) -> None:
    images = make_sky(300).write(tmp_path / "images", spectrum=slice(0))
    build_index(IndexRecipe(), embeddings=images, out=tmp_path / "only")
    with pytest.raises(MissingModalityError) as caught:
        build_index(
            IndexRecipe(),
            embeddings=toy_embeddings,
            out=tmp_path / "both",
            quantisers=tmp_path / "only",
        )
    assert str(caught.value) == (
        f"{tmp_path / 'only'}: has no spectrum vectors, and therefore no quantisers for them."
    )
    assert Modality.SPECTRUM not in open_build(tmp_path / "only").manifest.modalities
