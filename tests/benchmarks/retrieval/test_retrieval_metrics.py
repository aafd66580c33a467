"""Retrieval metrics of paired embeddings: hubness is corrected only where the bank is large."""

from pathlib import Path

from benchmarks.retrieval.paired_embeddings import read_bank, read_pairs
from benchmarks.retrieval.ranks import draw_pools
from benchmarks.retrieval.retrieval_metrics import CROSS, measure


def test_hubness_is_not_corrected_where_the_bank_is_small(make_sky, tmp_path: Path) -> None:
    embeddings = make_sky(400).write(tmp_path / "sky")
    pairs = read_pairs(embeddings, "train")
    pools = draw_pools(len(pairs), 50, 2, seed=1)
    for n_bank, names in ((10, ["cosine"]), (60, ["cosine", "CSLS", "mutual proximity"])):
        bank = read_bank(embeddings, "test", n_bank, seed=1)
        directions = measure(pairs, bank, pools)
        assert [(entry["using"], entry["among"]) for entry in directions] == list(CROSS)
        for entry in directions:
            assert list(entry["scores"]) == names
            assert list(entry["gain_over_cosine"]) == names[1:]
