"""Markdown tables of the retrieval benchmark, computed from its results file.

python -m benchmarks.retrieval.retrieval_report RESULTS.json
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

PUBLIC_R10, PUBLIC_POOL = 0.1186, 2000
PUBLIC = (
    "Public figure for real pairs: R@10 .1186 ± .0057 (R@1 .0176, R@5 .0677), image queries in "
    "20 random pools of 2,000 spectra, of 110,000 AstroCLIP-like pairs (Legacy Surveys north, "
    "DESI EDR SV3; frozen CLIP ViT-L/14 and a 1-D CNN; grKnight/galaxy-image-spectrum-clip, July "
    "2026); the other direction is not published. Other galaxies at another depth than here: not "
    "a like-for-like comparison."
)
STRONGER_BASELINE = (
    "Random features are a weak baseline. The same head on plain features (15 aperture magnitudes "
    "and 38 flux bins) reached R@10 .27 (image queries) and .26 (spectrum queries) with 1,400 "
    "training pairs, and .32 in both directions with 2,800, in pools of 2,000 simulated galaxies "
    "(a separate measurement); see benchmarks/retrieval/plain_features.py."
)
MODEL_EXPECTATION = (
    "Rankings by 'true parameters' give the expected recall of a statistical model with {n} chosen "
    "parameters and Gaussian, independent errors. It is not an upper bound: embeddings may exceed "
    "it; see benchmarks/retrieval/parameter_model.py."
)
SAMPLED = "true parameters, errors drawn"
"""Name of the ranking by the parameter model with sampled errors."""


def table(results: Mapping[str, Any]) -> str:
    """Markdown tables of the retrieval benchmark: one row for each direction, ranking and set of
    candidates, followed by comparisons with baselines.
    """
    lines = [
        f"{results['n']} galaxies of the {results['split']} split; {results['n_pools']} random "
        f"pools of {results['pool']}; hubness learnt from {results['n_bank']} others. Errors: "
        "spread over pools, then over bootstrap samples of the query galaxies.",
        "",
        "| using | among | ranked by | candidates | R@1 | R@5 | R@10 | times chance (R@10) | MRR "
        "| median rank | hub skew |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    learnt = [results.get(part, {}).get("directions", []) for part in ("generic", "bound")]
    for entry in [*results["directions"], *learnt[0], *learnt[1]]:
        for name, found in entry["scores"].items():
            lines += _rows(entry, name, found)
    lines += ["", PUBLIC]
    if "generic" in results:
        lines.append(STRONGER_BASELINE)
    if "bound" in results:
        lines.append(MODEL_EXPECTATION.format(n=len(results["bound"]["parameters"])))
    return "\n".join([*lines, *_comparisons(results), *_gains(results), *_explained(results)])


def _rows(entry: Mapping[str, Any], name: str, found: Mapping[str, Any]) -> list[str]:
    """Table rows of one ranking: for random pools, for the whole split and for candidates at the
    same redshift.
    """
    head = f"| {entry['using']} | {entry['among']} | {name} "
    pools = found["pools"]
    cells = []
    for k in (1, 5, 10):
        values = np.array(pools[f"r{k}"])
        over = pools["sd_over_galaxies"][f"r{k}"]
        cells.append(f"{values.mean():.3f} ± {values.std():.3f} ± {over:.3f}")
    times = np.mean(pools["r10"]) / min(1.0, 10 / pools["size"])
    rows = [
        f"{head}| random, {pools['size']} | {' | '.join(cells)} | {times:.1f} "
        f"| {np.mean(pools['mrr']):.3f} | {np.mean(pools['median']):.0f} | |"
    ]
    for part, label in (("whole", "whole split, {}"), ("same_redshift", "same redshift, {}")):
        one = found[part]
        if one is None:
            continue
        cells = [f"{one[f'r{k}']:.3f} ± {one['sd'][f'r{k}']:.3f}" for k in (1, 5, 10)]
        skew = f"{found['hub_skew']:.2f}" if part == "whole" and "hub_skew" in found else ""
        rows.append(
            f"{head}| {label.format(round(one['candidates']))} | {' | '.join(cells)} "
            f"| {one['r10'] / one['chance_r10']:.1f} | {one['mrr']:.3f} | {one['median']:.0f} "
            f"| {skew} |"
        )
    return rows


def _comparisons(results: Mapping[str, Any]) -> list[str]:
    """Table of R@10 by cosine in each direction, beside the published figure, the baselines and the
    parameter model.
    """
    lines = []
    for direction in results["directions"]:
        using, among = direction["using"], direction["among"]
        value = _r10(direction["scores"]["cosine"])
        parts = [f"{value / PUBLIC_R10:.2f} times the public figure"]
        if results["pool"] != PUBLIC_POOL:
            parts = [
                f"pools of {results['pool']}, not of {PUBLIC_POOL}: not compared with the public "
                "figure"
            ]
        for name, found in _learnt_scores(results, using, among):
            parts.append(f"{value / _r10(found):.2f} times {name} ({_r10(found):.3f})")
        lines.append(f"{using} to {among}, R@10 {value:.3f} by cosine: {'; '.join(parts)}.")
    return lines


def _learnt_scores(
    results: Mapping[str, Any], using: str, among: str
) -> list[tuple[str, Mapping[str, Any]]]:
    """Names and metrics of the baselines and of the parameter model in one direction."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for part in ("generic", "bound"):
        for entry in results.get(part, {}).get("directions", []):
            if (entry["using"], entry["among"]) != (using, among):
                continue
            scores = entry["scores"]
            if part == "generic":
                found += [(f"the baseline '{name}'", score) for name, score in scores.items()]
            else:
                found.append(("the parameter model's expectation", scores[SAMPLED]))
    return found


def _gains(results: Mapping[str, Any]) -> list[str]:
    """Table of the gain in R@10 of each hubness correction over ranking by cosine."""
    return [
        f"{entry['using']} to {entry['among']}, {name}: R@10 {gain['r10']:+.4f} ± "
        f"{gain['sd']:.4f} over cosine in the same pools (query galaxies resampled)."
        for entry in results["directions"]
        for name, gain in entry["gain_over_cosine"].items()
    ]


def _explained(results: Mapping[str, Any]) -> list[str]:
    """Table of R2 of each parameter from each modality, where the parameter model was measured."""
    known = results.get("bound", {}).get("r2")
    if not known:
        return []
    names = list(known["image"])
    return [
        "",
        "R2 of each parameter from each modality (normal scores, validation):",
        "",
        f"| from | {' | '.join(names)} |",
        "|---" * (len(names) + 1) + "|",
        *(
            f"| {modality} | {' | '.join(f'{r2[name]:.2f}' for name in names)} |"
            for modality, r2 in known.items()
        ),
    ]


def _r10(found: Mapping[str, Any]) -> float:
    """Mean recall at 10 (R@10) of one ranking over the random pools."""
    return float(np.mean(found["pools"]["r10"]))


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
