"""Indexes by name, opened again while they are used, and what is kept of them."""

import shutil
from pathlib import Path
from typing import Any

import pytest

import galsearch
from galsearch.core.errors import NoIndexError
from galsearch.core.target_id import TargetId
from galsearch.http.refusals.refusal import Refusal
from galsearch.http.state import served_index
from galsearch.http.state.served_index import ServedIndexes
from galsearch.http.state.service_settings import ServiceSettings


def test_the_first_index_answers_where_none_is_named(toy_index: Path) -> None:
    indexes = ServedIndexes(ServiceSettings({"first": toy_index, "second": toy_index}))
    assert indexes.get(None).name == "first"
    assert indexes.get("second").name == "second"
    with pytest.raises(Refusal) as caught:
        indexes.get("third")
    assert caught.value.message == ("the service has no index 'third'; it has first, second.")


def test_an_index_that_changed_is_served_after_it_was_opened_again(
    toy_index: Path, served_sky: Any, tmp_path: Path
) -> None:
    copy = tmp_path / "index"
    shutil.copytree(toy_index, copy)
    indexes = ServedIndexes(ServiceSettings({"toy": copy}))
    before, removed = indexes.get(None), TargetId(int(served_sky.ids[3]))
    galsearch.remove([str(removed)], index=copy)
    assert removed in indexes.get(None).engine
    indexes.reopen()
    assert removed not in indexes.get(None).engine
    assert removed in before.engine
    shutil.rmtree(copy)
    with pytest.raises(NoIndexError):
        indexes.reopen()
    assert len(indexes.get(None).engine) == 299


def test_the_least_recently_used_content_is_dropped(
    toy_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = ServedIndexes(ServiceSettings({"toy": toy_index})).get(None)
    monkeypatch.setattr(served_index, "CACHED_BYTES", 10)
    made: list[str] = []

    def content(key: str) -> bytes:
        return served.cached(key, lambda: made.append(key) or b"12345")  # type: ignore[func-returns-value]

    for key in ("a", "b", "a", "c", "a", "b"):
        assert content(key) == b"12345"
    assert made == ["a", "b", "c", "b"]
