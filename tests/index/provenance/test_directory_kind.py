"""A directory is recognised by the names of its files."""

from pathlib import Path

import pytest

from galsearch.index.provenance.directory_kind import directory_kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("manifest.json", "index"),
        ("hats.properties", "dataset"),
        ("sha256sums.txt", "dataset"),
        ("image/store.json", "embeddings"),
        ("spectrum/part-00000.parquet", "embeddings"),
        ("other.txt", "index"),
    ],
)
def test_the_kind_follows_from_the_names(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert directory_kind(tmp_path) == kind
