"""Ranks of partners among pairs, in both directions, with errors from resampling the pairs."""

from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Int64Array
from galsearch.core.modality import Modality

KS = (1, 5, 10)
N_BOOTSTRAP = 1000


def both_directions(
    score: npt.NDArray[np.floating],
    others: dict[Modality, npt.NDArray[np.floating]] | None = None,
) -> dict[str, dict[str, Any]]:
    """Rank statistics of partners for images and for spectra as queries.

    Parameters
    ----------
    score : (n, n)
        Similarity of images (rows) and spectra (columns); partners are on the diagonal.
    others
        Similarity (n, m) of the queries of each modality with further candidates.
    """
    found = {}
    for modality, line in ((Modality.IMAGE, score), (Modality.SPECTRUM, score.T)):
        own = line.diagonal()[:, None]
        rank = (line >= own).sum(axis=1)
        found[str(modality)] = statistics(rank)
        if others is not None:
            rank = rank + (others[modality] >= own).sum(axis=1)
            found[f"{modality}, among simulated ones too"] = statistics(rank)
    return found


def statistics(rank: Int64Array) -> dict[str, Any]:
    """Recall at 1, 5 and 10 and the median rank, each with its bootstrap error, and all ranks."""
    drawn = np.random.default_rng(0).integers(0, len(rank), (N_BOOTSTRAP, len(rank)))
    lines = rank[drawn]
    found: dict[str, Any] = {"n": len(rank), "ranks": rank.tolist()}
    for k in KS:
        recall = (lines <= k).mean(axis=1)
        found[f"r{k}"] = [round(float((rank <= k).mean()), 4), round(float(recall.std()), 4)]
    spread = np.median(lines, axis=1).std()
    found["median"] = [float(np.median(rank)), round(float(spread), 2)]
    return found


def repeat_ranks(vectors: Float32Array, galaxy: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Ranks of repeat visits of a galaxy among all spectra.

    Parameters
    ----------
    vectors : (n, d)
        Embeddings of spectra.
    galaxy : (n,)
        Number of the galaxy of each spectrum.
    """
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -np.inf)
    order = np.argsort(-similar, axis=1)
    first, all_first = [], []
    for row, number in enumerate(galaxy):
        n_repeats = int((galaxy == number).sum()) - 1
        if n_repeats:
            same = galaxy[order[row]] == number
            first.append(int(np.argmax(same)) + 1)
            all_first.append(bool(same[:n_repeats].all()))
    return {
        "n": len(first),
        "first_rank": first,
        "a repeat is first": float(np.mean(np.array(first) == 1)),
        "all repeats are first": float(np.mean(all_first)),
    }
