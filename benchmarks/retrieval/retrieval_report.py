"""The results as Markdown, computed from the file.

    python -m benchmarks.retrieval.retrieval_report RESULTS.json

prints them again.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

PUBLIC = (
    "Public figure for real pairs: R@10 .1186 ± .0057 (R@1 .0176, R@5 .0677), images asking "
    "20 random pools of 2,000 spectra, of 110,000 AstroCLIP-like pairs (Legacy Surveys north, "
    "DESI EDR SV3; frozen CLIP ViT-L/14 and a 1-D CNN; grKnight/galaxy-image-spectrum-clip, July "
    "2026); the other direction is not published. Other galaxies at another depth than here: a "
    "yardstick, no like for like."
)
BOUND = "true parameters, errors drawn"
PUBLIC_R10, PUBLIC_POOL = 0.1186, 2000


def table(results: Mapping[str, Any]) -> str:
    """A line for each direction, ranking and question."""
    lines = [
        f"{results['n']} galaxies of the {results['split']} split; {results['n_pools']} random "
        f"pools of {results['pool']}; hubs learnt from {results['n_bank']} others. Errors: spread "
        "over pools, then over asking galaxies resampled.",
        "",
        "| using | among | ranked by | candidates | R@1 | R@5 | R@10 | times chance (R@10) | MRR "
        "| median rank | hub skew |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in results["directions"]:
        for name, found in entry["scores"].items():
            lines += _rows(entry, name, found)
    for part in ("generic", "bound"):
        for entry in results.get(part, {}).get("directions", []):
            for name, found in entry["scores"].items():
                lines += _rows(entry, name, found)
    return "\n".join([*lines, "", *_claims(results)])


def _rows(entry: Mapping[str, Any], name: str, found: Mapping[str, Any]) -> list[str]:
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
    for question, label in (("whole", "whole split, {}"), ("same_redshift", "same redshift, {}")):
        one = found[question]
        if one is None:
            continue
        cells = [f"{one[f'r{k}']:.3f} ± {one['sd'][f'r{k}']:.3f}" for k in (1, 5, 10)]
        skew = f"{found['hub_skew']:.2f}" if question == "whole" and "hub_skew" in found else ""
        rows.append(
            f"{head}| {label.format(round(one['candidates']))} | {' | '.join(cells)} "
            f"| {one['r10'] / one['chance_r10']:.1f} | {one['mrr']:.3f} | {one['median']:.0f} "
            f"| {skew} |"
        )
    return rows


def _claims(results: Mapping[str, Any]) -> list[str]:
    lines = [PUBLIC]
    ours = {(e["using"], e["among"]): _r10(e["scores"]["cosine"]) for e in results["directions"]}
    for (using, among), value in ours.items():
        said = [f"{value / PUBLIC_R10:.2f} times the public figure"]
        if results["pool"] != PUBLIC_POOL:
            said = [
                f"pools of {results['pool']}, not of {PUBLIC_POOL}: not compared with the public "
                "figure"
            ]
        for part, text in (("generic", "the generic towers'"), ("bound", "the bound's")):
            for entry in results.get(part, {}).get("directions", []):
                if (entry["using"], entry["among"]) == (using, among):
                    chosen = entry["scores"].get(BOUND) or next(iter(entry["scores"].values()))
                    said.append(f"{value / _r10(chosen):.2f} times {text} ({_r10(chosen):.3f})")
        lines.append(f"{using} to {among}, R@10 {value:.3f} by cosine: {'; '.join(said)}.")
    for entry in results["directions"]:
        for name, gain in entry["gain_over_cosine"].items():
            lines.append(
                f"{entry['using']} to {entry['among']}, {name}: R@10 {gain['r10']:+.4f} ± "
                f"{gain['sd']:.4f} over cosine in the same pools (galaxies resampled)."
            )
    known = results.get("bound", {}).get("r2")
    if known:
        lines += ["", "R2 of each parameter from each modality (normal scores, validation):", ""]
        names = list(known["image"])
        lines += [f"| from | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
        for modality, by in known.items():
            lines.append(f"| {modality} | {' | '.join(f'{by[n]:.2f}' for n in names)} |")
    return lines


def _r10(found: Mapping[str, Any]) -> float:
    return float(np.mean(found["pools"]["r10"]))


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
