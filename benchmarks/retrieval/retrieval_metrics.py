"""All retrieval measurements of image and spectrum vectors whose rows are partners (the same
galaxy).
"""

from typing import Any

import numpy as np

from benchmarks.retrieval import hubness
from benchmarks.retrieval.paired_embeddings import PairedEmbeddings
from benchmarks.retrieval.ranks import (
    in_pools,
    paired_gain,
    pool_ranks,
    ranks,
    same_redshift,
    summary,
)
from galsearch.core.arrays import Float32Array, Float64Array, Rows
from galsearch.core.modality import Modality

CROSS = ((Modality.IMAGE, Modality.SPECTRUM), (Modality.SPECTRUM, Modality.IMAGE))
"""Both cross-modal directions, as (query modality, searched modality)."""


def measure(
    pairs: PairedEmbeddings, bank: PairedEmbeddings, pools: list[Rows]
) -> list[dict[str, Any]]:
    """Retrieval metrics of both cross-modal directions, for rankings by cosine and by two scores
    that correct hubness.

    Where the bank is too small to learn hubness from, only the cosine is measured.
    """
    directions = []
    for using, among in CROSS:
        queries, candidates = pairs.vectors[using], pairs.vectors[among]
        cosine = queries @ candidates.T
        scores = {"cosine": cosine}
        if len(bank) >= hubness.SMALLEST_BANK:
            to_bank = queries @ bank.vectors[among].T, candidates @ bank.vectors[using].T
            scores["CSLS"] = hubness.csls(cosine, *to_bank)
            scores["mutual proximity"] = hubness.mutual_proximity(cosine, *to_bank)
        by_cosine = pool_ranks(cosine, pools)
        directions.append(
            {
                "using": using,
                "among": among,
                "whole_ranks": ranks(cosine).tolist(),
                "scores": {name: score_metrics(s, pairs.z, pools) for name, s in scores.items()},
                "gain_over_cosine": {
                    name: paired_gain(pool_ranks(score, pools), by_cosine)
                    for name, score in scores.items()
                    if name != "cosine"
                },
            }
        )
    return directions


def score_metrics(score: Float32Array, z: Float64Array, pools: list[Rows]) -> dict[str, Any]:
    """Retrieval metrics of rankings by one score: in random pools, in the whole split and among
    candidates at one redshift, and the hubness of the score.

    Parameters
    ----------
    score : (n, n)
        Queries by candidates, partners on the diagonal.
    z : (n,)
        Redshifts of the galaxies.
    pools
        Rows of each random pool.
    """
    return {
        "pools": in_pools(pool_ranks(score, pools)),
        "whole": summary(ranks(score), len(score)),
        "same_redshift": same_redshift(score, z),
        "hub_skew": round(hubness.hub_skew(np.asarray(score)), 4),
    }
