"""Embeddings that contradict each other are refused; vectors are stored as they were embedded."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import (
    EncoderMismatchError,
    NoEmbeddingsError,
    ShardError,
)
from galsearch.core.modality import Modality
from galsearch.index import (
    IndexRecipe,
    build_index,
    open_build,
)
from tests.index.toy_index import N_TOY


def test_two_encoders_are_refused_and_nothing_is_left(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    embeddings = make_sky(40).write(tmp_path / "sky", fingerprints=("a" * 64, "b" * 64))
    (tmp_path / "builds").mkdir()
    with pytest.raises(EncoderMismatchError) as caught:
        build_index(IndexRecipe(), embeddings=embeddings, out=tmp_path / "builds" / "mixed")
    assert str(caught.value) == (
        f"{embeddings / 'image'} has embeddings of encoder aaaaaaaaaaaaaaaa, "
        f"{embeddings / 'spectrum'} of encoder bbbbbbbbbbbbbbbb. Similarities between embeddings "
        "of different encoders have no meaning."
    )
    assert list((tmp_path / "builds").iterdir()) == []


def test_no_embeddings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoEmbeddingsError) as caught:
        build_index(IndexRecipe(), embeddings=tmp_path, out=tmp_path / "build")
    assert str(caught.value) == (
        f"{tmp_path}: holds no embeddings, neither of images nor of spectra."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_catalogue_that_lacks_a_galaxy_is_refused(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(40)
    sky.write(tmp_path / "sky")
    dataclasses.replace(sky, ids=sky.ids[:-1]).write(tmp_path / "fewer", spectrum=slice(0, 0))
    (tmp_path / "fewer" / "catalogue.parquet").replace(tmp_path / "sky" / "catalogue.parquet")
    with pytest.raises(ShardError) as caught:
        build_index(IndexRecipe(), embeddings=tmp_path / "sky", out=tmp_path / "build")
    assert str(caught.value) == (
        f"{tmp_path / 'sky' / 'catalogue.parquet'}: lacks 1 of 40 galaxies with image vectors, "
        f"first TARGETID {sky.ids[-1]}."
    )


def test_stored_vectors_are_those_that_were_embedded(toy_index: Path, toy_sky: Any) -> None:
    stored = open_build(toy_index).stored(Modality.IMAGE)
    np.testing.assert_array_equal(stored.ids, toy_sky.ids)
    np.testing.assert_allclose(stored.take(np.arange(N_TOY)), toy_sky.image, atol=1e-7)
