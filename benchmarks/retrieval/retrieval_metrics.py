"""Everything that is measured of two sets of vectors whose rows are partners."""

from typing import Any

import numpy as np

from benchmarks.retrieval import hubs
from benchmarks.retrieval.pairs import Ints, Pairs
from benchmarks.retrieval.ranks import (
    in_pools,
    paired_gain,
    pool_ranks,
    ranks,
    same_redshift,
    summary,
)
from galsearch.core.modality import Modality

CROSS = ((Modality.IMAGE, Modality.SPECTRUM), (Modality.SPECTRUM, Modality.IMAGE))


def measure(pairs: Pairs, bank: Pairs, pools: list[Ints]) -> list[dict[str, Any]]:
    """Both directions: pools, the whole split, one redshift; by cosine and with hubs corrected.

    Where the bank is too small to learn hubs from, nothing is corrected.
    """
    directions = []
    for using, among in CROSS:
        asking, asked = pairs.vectors[using], pairs.vectors[among]
        cosine = asking @ asked.T
        scores = {"cosine": cosine}
        if len(bank) >= hubs.SMALLEST_BANK:
            to_bank = asking @ bank.vectors[among].T, asked @ bank.vectors[using].T
            scores["CSLS"] = hubs.csls(cosine, *to_bank)
            scores["mutual proximity"] = hubs.mutual_proximity(cosine, *to_bank)
        plain = pool_ranks(cosine, pools)
        directions.append(
            {
                "using": using,
                "among": among,
                "whole_ranks": ranks(cosine).tolist(),
                "scores": {name: questions(s, pairs.z, pools) for name, s in scores.items()},
                "gain_over_cosine": {
                    name: paired_gain(pool_ranks(score, pools), plain)
                    for name, score in scores.items()
                    if name != "cosine"
                },
            }
        )
    return directions


def questions(score: Any, z: Any, pools: list[Ints]) -> dict[str, Any]:
    """One score in pools, in the whole split and at one redshift, and its hubs."""
    return {
        "pools": in_pools(pool_ranks(score, pools)),
        "whole": summary(ranks(score), len(score)),
        "same_redshift": same_redshift(score, z),
        "hub_skew": round(hubs.hub_skew(np.asarray(score)), 4),
    }
