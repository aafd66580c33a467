"""Measured recall in the four directions."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index import (
    build_index,
)
from galsearch.index.storage.manifest_json import read_manifest
from tests.index.toy_index import TOY_RECIPE


def test_recall_is_measured_in_all_four_directions_and_reaches_the_target(toy_index: Path) -> None:
    manifest = read_manifest(toy_index)
    assert tuple((entry.using, entry.among) for entry in manifest.directions) == DIRECTIONS
    for entry in manifest.directions:
        assert entry.recall_at_10 >= TOY_RECIPE.recall_target - entry.missed_by
        assert entry.held_out
        assert entry.n_queries == TOY_RECIPE.n_tuning_queries
        assert min(entry.n_probe, entry.rerank) >= 1


def test_a_missed_target_is_said_with_the_amount(toy_embeddings: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(
        TOY_RECIPE, n_probe=1, rerank=1, n_subvectors=1, n_lists=8, recall_target=1.0
    )
    manifest = build_index(recipe, embeddings=toy_embeddings, out=tmp_path / "poor")
    entry = manifest.direction(Modality.IMAGE, Modality.SPECTRUM)
    assert entry is not None
    assert entry.missed_by == pytest.approx(1 - entry.recall_at_10, abs=1e-6)
    assert entry.missed_by > 0.05
    assert f"  {entry.missed_by:.3f} below target" in manifest.summary()


def test_collapsed_vectors_are_indexed_and_ties_are_not_misses(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(600)
    sky.image[:] = sky.image[0]
    manifest = build_index(TOY_RECIPE, embeddings=sky.write(tmp_path / "sky"), out=tmp_path / "one")
    entry = manifest.direction(Modality.SPECTRUM, Modality.IMAGE)
    assert entry is not None
    assert entry.recall_at_10 == 1
