"""Search by a few examples of a class, beside search by a single one.

    python -m benchmarks.analysis.few_shot EMBEDDINGS --labelled LABELLED --out few_shot.json

A class is 2 per cent or .1 per cent of the galaxies: those with the largest (or smallest) value of
a property of the simulation's truth, or those with one of its flags. Five random members are
examples and twenty random other galaxies are counter-examples; the remaining members are relevant.
The figure is the mean over trials of nDCG@10 (normalised discounted cumulative gain of the first
ten results, examples left out). The single example is the first of the five.

A galaxy's image and spectrum together are measured as well, for a single example, with a control
in which the spectra of the galaxies are shuffled.

With `--labelled`, embeddings of another simulated survey, the same probe is also fitted to all of
its members of a class (of one per cent, where the class is rarer): what the probe reaches with many
more labels.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.retrieval.paired_embeddings import catalogue_of, read_all
from galsearch.core.arrays import BoolArray, Float64Array, Rows, Vectors
from galsearch.core.errors import GalsearchError
from galsearch.core.fingerprint import require_same_encoder
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
_WIDEST = 0.01
"""Smallest share of a labelled survey to which a probe of all labels is fitted."""
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


def classes_of(
    columns: dict[str, Float64Array], frequencies: Sequence[float] = FREQUENCIES
) -> dict[tuple[float, str], BoolArray]:
    """The members of each class, by frequency and name.

    Parameters
    ----------
    columns
        (n,) values of the truth by the name of the column.
    frequencies
        Shares of the galaxies that are extreme.
    """
    n = len(next(iter(columns.values())))
    found: dict[tuple[float, str], BoolArray] = {}
    for frequency in frequencies:
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
    vectors: dict[str, Vectors],
    members: BoolArray,
    n_trials: int,
    seed: int,
    known: dict[str, Float64Array] | None = None,
) -> dict[str, float]:
    """Mean nDCG@10 of each kind of query for one class, by the name of the kind.

    Parameters
    ----------
    vectors
        (n, d) unit vectors by modality, `image` and `spectrum`, and `shuffled` spectra.
    known
        (n,) further scores of the galaxies by name, which depend on no example.
    """
    generator = np.random.default_rng(seed)
    inside, outside = np.flatnonzero(members), np.flatnonzero(~members)
    some = generator.permutation(len(members))[:N_BACKGROUND]
    sums: dict[str, float] = {}
    for _ in range(n_trials):
        like = generator.choice(inside, N_LIKE, replace=False)
        unlike = generator.choice(outside, N_UNLIKE, replace=False)
        scores = _scores(vectors, like, unlike, some) | (known or {})
        for name, found in scores.items():
            score = found.copy()
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


def scores_of_all_labels(
    survey: "Survey", labelled: "Survey", seed: int
) -> dict[tuple[float, str], dict[str, Float64Array]]:
    """(n,) scores by probes that were fitted to all labels of another survey, by class and name.

    A class that is rarer than one per cent is widened to it in the other survey.
    """
    generator = np.random.default_rng(seed)
    some = generator.permutation(len(labelled))[:N_BACKGROUND]
    members = classes_of(labelled.columns, frequencies=(0.02, _WIDEST))
    found: dict[tuple[float, str], dict[str, Float64Array]] = {}
    for frequency, name in classes_of(survey.columns):
        inside = members[max(frequency, _WIDEST), name]
        unlike = generator.choice(np.flatnonzero(~inside), int(inside.sum()), replace=False)
        scores = {}
        for modality in ("image", "spectrum"):
            own = labelled.vectors[modality]
            direction = probe_direction(own[inside], own[unlike], own[some])
            scores[f"{modality}, all labels"] = survey.vectors[modality] @ direction
        scores["both, all labels"] = sum(scores.values(), np.zeros(len(survey)))
        found[frequency, name] = scores
    return found


@dataclass(frozen=True, eq=False)
class Survey:
    """The paired embeddings of a survey, and the truth about its galaxies."""

    vectors: dict[str, Vectors]
    """(n, d) unit vectors by modality, and `shuffled` spectra."""
    columns: dict[str, Float64Array]
    """(n,) values of the truth by the name of the column."""
    fingerprint: str

    def __len__(self) -> int:
        return len(self.vectors["image"])


def read_survey(embeddings: Path, seed: int) -> Survey:
    """The galaxies of a directory of embeddings that have both modalities."""
    pairs = read_all(embeddings)
    names = sorted({name for name, _ in PROPERTIES} | set(FLAGS))
    table = catalogue_of(embeddings, pairs.target_ids, names)
    columns = {name: table[name].to_numpy().astype(np.float64) for name in names}
    shuffled = np.random.default_rng(seed).permutation(len(pairs))
    vectors = {
        "image": pairs.vectors[Modality.IMAGE],
        "spectrum": pairs.vectors[Modality.SPECTRUM],
        "shuffled": pairs.vectors[Modality.SPECTRUM][shuffled],
    }
    return Survey(vectors, columns, pairs.fingerprint)


def main() -> int:
    """Measure the embeddings that the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysis.few_shot")
    parser.add_argument("embeddings", type=Path, help="directory that galsearch embed wrote")
    parser.add_argument("--labelled", type=Path, help="embeddings of another survey, all labelled")
    parser.add_argument("--trials", type=int, default=50, help="random examples of each class")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("few_shot.json"))
    options = parser.parse_args()
    known: dict[tuple[float, str], dict[str, Float64Array]] = {}
    try:
        survey = read_survey(options.embeddings, options.seed)
        if options.labelled is not None:
            labelled = read_survey(options.labelled, options.seed)
            places = {"EMBEDDINGS": survey.fingerprint, "--labelled": labelled.fingerprint}
            require_same_encoder(places)
            known = scores_of_all_labels(survey, labelled, options.seed)
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    results = []
    for (frequency, name), members in classes_of(survey.columns).items():
        scores = known.get((frequency, name))
        gains = measure_class(survey.vectors, members, options.trials, options.seed, scores)
        row = {"frequency": frequency, "class": name, "n_members": int(members.sum())}
        results.append({**row, "ndcg": gains})
    facts = {"n_galaxies": len(survey), "fingerprint": survey.fingerprint}
    write_json(options.out, {**facts, "trials": options.trials, "classes": results}, indent=None)
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
