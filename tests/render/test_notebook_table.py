"""Results in notebooks: every text is escaped, tags nest, and pictures are there if data are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import galsearch
from galsearch.core.modality import Modality
from galsearch.query import Neighbours, NeighboursBatch
from galsearch.render.notebook_table import neighbours_html
from tests.render.html_tags import Tags


def some(n: int, **changes: Any) -> Neighbours:
    values: dict[str, Any] = {
        "target_ids": np.arange(1, n + 1),
        "similarity": np.linspace(0.9, 0.1, n, dtype=np.float32),
        "ra_deg": np.full(n, 10.0),
        "dec_deg": np.full(n, -5.0),
        "z": np.where(np.arange(n) % 2, np.nan, 0.25),
        "using": Modality.IMAGE,
        "among": Modality.SPECTRUM,
        "query_target_id": None,
        "exact": True,
    }
    return Neighbours(**{**values, **changes})


def tags(text: str) -> Tags:
    parsed = Tags()
    parsed.feed(text)
    parsed.close()
    assert parsed.open == []
    return parsed


def test_a_result_without_a_dataset_is_a_table() -> None:
    text = some(12)._repr_html_()
    tags(text)
    assert text.count("<tr>") == 11
    assert (
        "<b>12 neighbours</b>, spectra most similar to the image of a query of one&#x27;s own"
        in (text)
    )
    assert "and 2 more" in text
    assert "unknown" in text
    assert "<img" not in text
    tags(some(0)._repr_html_())


def test_images_and_spectra_of_the_dataset_are_shown(
    demonstration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demonstration.home)
    engine = galsearch.open_index("index_builds/demo")
    text = engine.query(demonstration.target_id, among="spectrum", k=3)._repr_html_()
    parsed = tags(text)
    assert text.count("<img") == text.count("<svg") == 3
    assert all(source.startswith("data:image/png;base64,") for source in parsed.fetched)
    assert demonstration.target_id in text


def test_a_dataset_that_cannot_be_read_is_named_and_escaped(tmp_path: Path) -> None:
    text = neighbours_html(some(2), dataset=tmp_path / "<b>none</b> & all")
    tags(text)
    assert "No images and spectra: " in text
    assert "&lt;b&gt;none&lt;/b&gt; &amp; all" in text
    assert "<b>none" not in text


def test_a_batch_has_a_line_for_each_query() -> None:
    batch = NeighboursBatch(
        target_ids=np.array([[8, 3], [3, 0]] * 6),
        similarity=np.array([[0.9, 0.5], [0.7, np.nan]] * 6, np.float32),
        ra_deg=np.zeros((12, 2)),
        dec_deg=np.zeros((12, 2)),
        z=np.zeros((12, 2)),
        exact=np.ones(12, bool),
        using=Modality.IMAGE,
        among=Modality.IMAGE,
        query_target_ids=np.arange(20, 32),
    )
    text = batch._repr_html_()
    tags(text)
    assert "<b>12 queries</b>, image among images" in text
    assert "8 (0.900), 3 (0.500)" in text
    assert "and 2 more queries" in text
