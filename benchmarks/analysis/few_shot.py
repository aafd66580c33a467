"""Search by a few examples of a class, beside search by a single one.

    python -m benchmarks.analysis.few_shot EMBEDDINGS --out few_shot.json

A class is 2 per cent or .1 per cent of the galaxies: those with the largest (or smallest) value of
a property of the simulation's truth, or those with one of its flags. Five random members are
examples and twenty random other galaxies are counter-examples; the remaining members are relevant.
The figure is the mean over trials of nDCG@10 (normalised discounted cumulative gain of the first
ten results, examples left out). The single example is the first of the five.

A galaxy's image and spectrum together are measured as well, for a single example, with a control
in which the spectra of the galaxies are shuffled.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.retrieval.paired_embeddings import catalogue_of, read_all
from galsearch.core.arrays import BoolArray, Rows, Vectors
from galsearch.core.errors import GalsearchError
from galsearch.core.modality import Modality
from galsearch.files.atomic import write_json
from galsearch.query.inputs.examples import N_BACKGROUND, probe_direction

N_LIKE, N_UNLIKE, K = 5, 20, 10
FREQUENCIES = (0.02, 0.001)
PROPERTIES = (
    *(("log10_ssfr", 1), ("log10_mass", 1), ("log10_mass", -1), ("av", 1)),
    *(("log10_sfr", 1), ("r_eff_arcsec", 1), ("sigma_km_s", 1)),
)
"""Columns of the truth, and the sign of the values that are extreme."""
FLAGS = ("is_post_starburst", "has_ring", "is_merger")
"""Flags of the truth that hold for about 2 per cent of galaxies."""
_FEWEST = 10
"""Smallest number of members of a class, so that some are left beside the examples."""


def ndcg(relevant: npt.NDArray[np.floating], n_relevant: int) -> float:
    """Normalised discounted cumulative gain of the first ten results.

    Parameters
    ----------
    relevant : (k,)
        1 for each relevant result, best first.
    n_relevant
        Number of relevant galaxies that could be found.

    Examples
    --------
    >>> ndcg(np.array([1.0, 0.0, 1.0]), 2)
    0.9197207891481876
    """
    discount = 1 / np.log2(np.arange(2, K + 2))
    found = float((relevant[:K] * discount[: len(relevant)]).sum())
    return found / float(discount[: min(K, n_relevant)].sum())


def classes_of(columns: dict[str, npt.NDArray[np.floating]]) -> dict[tuple[float, str], BoolArray]:
    """The members of each class, by frequency and name.

    Parameters
    ----------
    columns
        (n,) values of the truth by the name of the column.
    """
    n = len(next(iter(columns.values())))
    found: dict[tuple[float, str], BoolArray] = {}
    for frequency in FREQUENCIES:
        n_members = max(_FEWEST, round(frequency * n))
        for name, sign in PROPERTIES:
            values = np.nan_to_num(sign * columns[name], nan=-np.inf)
            members = np.zeros(n, bool)
            members[np.argsort(-values, kind="stable")[:n_members]] = True
            found[frequency, f"{'largest' if sign > 0 else 'smallest'} {name}"] = members
    for name in FLAGS:
        found[0.02, name] = columns[name] > 0
    return found


def measure_class(
    vectors: dict[str, Vectors], members: BoolArray, n_trials: int, seed: int
) -> dict[str, float]:
    """Mean nDCG@10 of each kind of query for one class, by the name of the kind.

    Parameters
    ----------
    vectors
        (n, d) unit vectors by modality, `image` and `spectrum`, and `shuffled` spectra.
    """
    generator = np.random.default_rng(seed)
    inside, outside = np.flatnonzero(members), np.flatnonzero(~members)
    some = generator.permutation(len(members))[:N_BACKGROUND]
    sums: dict[str, float] = {}
    for _ in range(n_trials):
        like = generator.choice(inside, N_LIKE, replace=False)
        unlike = generator.choice(outside, N_UNLIKE, replace=False)
        scores = _scores(vectors, like, unlike, some)
        for name, score in scores.items():
            score[np.concatenate([like, unlike])] = -np.inf
            best = np.argsort(-score, kind="stable")[:K]
            gain = ndcg(members[best].astype(float), len(inside) - N_LIKE)
            sums[name] = sums.get(name, 0.0) + gain / n_trials
    return sums


def _scores(
    vectors: dict[str, Vectors], like: Rows, unlike: Rows, some: Rows
) -> dict[str, npt.NDArray[np.floating]]:
    scores: dict[str, npt.NDArray[np.floating]] = {}
    for name in ("image", "spectrum"):
        own = vectors[name]
        scores[f"{name}, one example"] = own @ own[like[0]]
        direction = probe_direction(own[like], own[unlike], own[some])
        scores[f"{name}, examples"] = own @ direction.astype(np.float32)
    both = {name: scores[f"image, {name}"] + scores[f"spectrum, {name}"] for name in _KINDS}
    scores |= {f"both, {name}": total for name, total in both.items()}
    shuffled = vectors["shuffled"]
    scores["both shuffled, one example"] = (
        scores["image, one example"] + shuffled @ (shuffled[like[0]])
    )
    return scores


_KINDS = ("one example", "examples")


def main() -> int:
    """Measure the embeddings that the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysis.few_shot")
    parser.add_argument("embeddings", type=Path, help="directory that galsearch embed wrote")
    parser.add_argument("--trials", type=int, default=50, help="random examples of each class")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("few_shot.json"))
    options = parser.parse_args()
    try:
        pairs = read_all(options.embeddings)
        names = sorted({name for name, _ in PROPERTIES} | set(FLAGS))
        table = catalogue_of(options.embeddings, pairs.target_ids, names)
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    columns = {name: table[name].to_numpy().astype(np.float64) for name in names}
    shuffled = np.random.default_rng(options.seed).permutation(len(pairs))
    vectors = {
        "image": pairs.vectors[Modality.IMAGE],
        "spectrum": pairs.vectors[Modality.SPECTRUM],
        "shuffled": pairs.vectors[Modality.SPECTRUM][shuffled],
    }
    results = [
        {
            "frequency": frequency,
            "class": name,
            "n_members": int(members.sum()),
            "ndcg": measure_class(vectors, members, options.trials, options.seed),
        }
        for (frequency, name), members in classes_of(columns).items()
    ]
    write_json(
        options.out, {"n_galaxies": len(pairs), "trials": options.trials, "classes": results}
    )
    print(report(results))
    return 0


def report(results: list[dict[str, object]]) -> str:
    """Mean nDCG@10 over the classes of each frequency, as lines of text."""
    lines = []
    for frequency in FREQUENCIES:
        chosen = [r["ndcg"] for r in results if r["frequency"] == frequency]
        means = {name: float(np.mean([one[name] for one in chosen])) for name in chosen[0]}  # type: ignore[index,attr-defined]
        lines.append(f"classes of frequency {frequency:g} ({len(chosen)}):")
        lines += [f"  {name:28} {value:.3f}" for name, value in means.items()]
        for name in ("image", "spectrum", "both"):
            ratio = means[f"{name}, examples"] / max(means[f"{name}, one example"], 1e-9)
            lines.append(f"  {name}: examples / one example {ratio:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
