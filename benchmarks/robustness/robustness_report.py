"""Markdown tables of the robustness benchmark, computed from its results files.

    python -m benchmarks.robustness.robustness_report RESULTS.json [EARLIER.json]

With a second file the tables show its figures first, and then those of the first file.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OUTLIERS = {"image": "off by 0.1", "spectrum": "off by 0.05"}
"""Heading of the column of redshift outliers, by modality."""


def table(results: Mapping[str, Any], earlier: Mapping[str, Any] | None = None) -> str:
    """Markdown tables with a row for each change, beside earlier results where they are given.

    Parameters
    ----------
    results
        Results of the benchmark.
    earlier
        Results of an earlier encoder or version, for comparison.
    """
    n = next(iter(results["image"].values()))["n"]
    lines = [f"{n} queries among {results['n_candidates']:,} simulated galaxies."]
    for modality in ("image", "spectrum"):
        before = None if earlier is None else earlier[modality]
        lines += ["", *_table(modality, results[modality], before)]
    return "\n".join(lines)


def _table(modality: str, found: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> list[str]:
    partner = "spectrum" if modality == "image" else "image"
    head = [f"change of the {modality}"]
    head += [] if earlier is None else [f"finds its {partner} (R@10) before"]
    head += [f"finds its {partner} (R@10)", "median rank", "finds itself first", "in 10"]
    head += ["moved by", "ratio", f"redshift: NMAD, {OUTLIERS[modality]}"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name, one in found.items():
        cells = [name]
        if earlier is not None:
            old = earlier.get(name)
            cells.append("" if old is None else _recall(old))
        cells += [_recall(one), f"{one['median_rank']:.0f}", f"{one['itself_first']:.0%}"]
        cells += [f"{one['itself_in_10']:.0%}", f"{one['moved_deg']:.1f} deg"]
        cells += [f"{one['moved_ratio']:.2f}", f"{one['z_nmad']:.4f}, {one['z_outliers']:.0%}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _recall(one: Mapping[str, float]) -> str:
    return f"{one['r10']:.3f} ± {one['r10_error']:.3f}"


if __name__ == "__main__":
    print(table(*(json.loads(Path(path).read_text("utf-8")) for path in sys.argv[1:3])))
