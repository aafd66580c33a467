"""Tuned search settings."""

from pathlib import Path

from galsearch.index.search.search_settings import least_probe
from galsearch.index.storage.manifest_json import read_manifest


def test_a_query_uses_the_tuned_settings(toy_index: Path) -> None:
    manifest = read_manifest(toy_index)
    for entry in manifest.directions:
        plan = manifest.modalities[entry.among].plan
        least = least_probe(10 * entry.rerank + 1, plan.n_lists, plan.n_vectors)
        assert entry.n_probe >= min(least, plan.n_lists)
