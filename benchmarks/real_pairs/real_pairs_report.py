"""Markdown tables of the benchmark on real pairs, computed from its results file.

python -m benchmarks.real_pairs.real_pairs_report RESULTS.json
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def table(results: Mapping[str, Any]) -> str:
    """Markdown tables: retrieval among pairs, redshifts, repeat visits and fibre fluxes."""
    spectra = results["repeats and redshifts"]
    repeats, ratios = spectra["repeats"], results["fibre fluxes"]
    return "\n".join(
        [
            "| pairs | query | n | R@1 | R@5 | R@10 | median rank |",
            "|---|---|---|---|---|---|---|",
            *_retrieval(results["pairs"]),
            "",
            "| query | class | redshifts | n | NMAD | beyond .05 | beyond .005 |",
            "|---|---|---|---|---|---|---|",
            *_redshifts("SDSS spectra among simulated spectra", spectra["redshifts"]),
            *(
                line
                for sample, found in results["pairs"].items()
                if "photometry" not in sample and "diagnostic" not in sample
                for name, rows in found["redshifts"].items()
                for line in _redshifts(f"{sample}: {name}", rows)
            ),
            "",
            f"Repeat visits of SDSS: {repeats['n']} of {spectra['n']} spectra have another visit "
            f"of their galaxy; it is the first among all in {repeats['a repeat is first']:.0%}, "
            f"and all visits are the first in {repeats['all repeats are first']:.0%}.",
            "",
            f"Flux of the spectrum over flux of the image within the fibre, {ratios['n']:,} "
            f"extended DESI targets: median {ratios['p50']}, 16 to 84 per cent {ratios['p16']} to "
            f"{ratios['p84']}, 5 to 95 per cent {ratios['p5']} to {ratios['p95']}.",
        ]
    )


def _retrieval(pairs: Mapping[str, Any]) -> Iterable[str]:
    for sample, found in pairs.items():
        for query, one in found["ranks"].items():
            cells = [sample, query, str(one["n"])]
            cells += [f"{one[f'r{k}'][0]:.2f} ± {one[f'r{k}'][1]:.2f}" for k in (1, 5, 10)]
            cells += [f"{one['median'][0]:.0f} ± {one['median'][1]:.0f}"]
            yield f"| {' | '.join(cells)} |"


def _redshifts(name: str, rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for row in rows:
        low, high = row["z"]
        yield (
            f"| {name} | {row['class']} | {low:.3f} to {high:.3f} | {row['n']} | "
            f"{row['nmad']:.4f} | {row['over .05']:.0%} | {row['over .005']:.0%} |"
        )


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
