"""Evaluation on real spectra and images of encoders that were trained on simulated ones.

    python -m benchmarks.realism.sim_to_real --encoder NAME --survey DIR --real ../shared/real

Each real EDR or SDSS spectrum takes the redshift of its nearest simulated neighbours, which are
spectra of the survey embedded by the same encoder. Real Galaxy Zoo galaxies take the vote fractions
of their neighbours among themselves. Results, object by object, go to
`benchmarks/results/sim_to_real.json`.
"""

import argparse
import datetime
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism.samples.template_redshifts import AGREES
from benchmarks.realism.transfer.neighbour_redshifts import K_REDSHIFT, neighbour_redshifts
from benchmarks.realism.transfer.neighbour_votes import K_VOTES, vote_r2
from galsearch.core.arrays import Float64Array
from galsearch.encoders import load
from galsearch.files.atomic import write_json

OUTLIER = 0.05
"""Redshift errors |dz| / (1 + z) above this are outliers."""
GALAXY_Z = 0.85
"""Upper redshift limit of the spectra that are taken to be galaxies: their file gives no class, and
those beyond are quasars and ELGs."""
K_TABLE = 5
"""Number of neighbours in the table of redshift ranges."""
_EDGES = (0.0, 0.1, GALAXY_Z, np.inf)
"""Limits of the redshift ranges of the first table."""


def main() -> int:
    """Evaluate the encoder that the command line names."""
    parser = argparse.ArgumentParser(description="Redshifts and votes of real galaxies.")
    parser.add_argument("--encoder", required=True, help="a name or a safetensors file")
    parser.add_argument("--survey", type=Path, required=True, help="made by galsearch simulate")
    parser.add_argument("--real", type=Path, required=True, help="folder of real survey files")
    parser.add_argument("--n", type=int, default=6000, help="number of simulated spectra")
    default = Path(__file__).parents[1] / "results" / "sim_to_real.json"
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    pair = load(arguments.encoder)
    results = {
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "encoder": Path(arguments.encoder).name,
        "fingerprint": pair.fingerprint,
        "survey": json.loads((arguments.survey / "simulation.json").read_text(encoding="utf-8")),
        "redshifts": neighbour_redshifts(
            pair.spectrum, arguments.survey, arguments.real, arguments.n
        ),
        "votes": vote_r2(pair.image, arguments.real),
    }
    write_json(arguments.out, results, indent=None)
    print(table(results))
    return 0


def table(results: dict[str, Any]) -> str:
    """Markdown tables of the stored results."""
    return "\n".join(
        [
            *_by_redshift(results),
            "",
            *_by_sample(results),
            "",
            *_deep(results),
            "",
            *_votes(results),
        ]
    )


def _by_redshift(results: dict[str, Any]) -> list[str]:
    """Errors in ranges of redshift, beside those of one constant redshift for all of a row."""
    lines = [
        "| query spectra | z range | n | NMAD | over .05 | over .005 | constant: NMAD, over .05 |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in ("real", "SDSS", "SDSS, second sample", "control"):
        z, found = (np.array(results["redshifts"][name][key]) for key in ("true", "neighbours"))
        for low, high in itertools.pairwise(_EDGES):
            row = (z >= low) & (z < high)
            if not row.any():
                continue
            error = _errors(np.median(found[row, :K_TABLE], axis=1), z[row])
            constant = _errors(np.median(z[row]), z[row])
            figures = [f"{_nmad(error):.4f}", f"{np.mean(np.abs(error) > OUTLIER):.0%}"]
            figures += [f"{np.mean(np.abs(error) > 0.005):.0%}"]
            figures += [f"{_nmad(constant):.4f}, {np.mean(np.abs(constant) > OUTLIER):.0%}"]
            span = f"{z[row].min():.3f} to {z[row].max():.3f}"
            lines.append(f"| {name} | {span} | {row.sum()} | {' | '.join(figures)} |")
    return lines


def _errors(found: Any, true: Float64Array) -> Float64Array:
    return np.asarray((found - true) / (1 + true))


def _nmad(error: Float64Array) -> float:
    """Normalised median absolute deviation."""
    return float(1.4826 * np.median(np.abs(error - np.median(error))))


def _by_sample(results: dict[str, Any]) -> list[str]:
    """Errors of each sample for several numbers of neighbours."""
    measured = results["redshifts"]
    true, near = (np.array(measured["real"][key]) for key in ("true", "neighbours"))
    fitted = np.array(measured["template fit"])
    galaxy = true < GALAXY_Z
    confirmed = galaxy & (np.abs(fitted - true) / (1 + true) < AGREES)
    rows: list[tuple[str, Any, Any]] = [
        ("EDR galaxies, z < 0.85", true[galaxy], near[galaxy]),
        ("of these, redshift confirmed by a fit", true[confirmed], near[confirmed]),
        ("the fit itself, z < 0.85", true[galaxy], fitted[galaxy, None]),
        ("all EDR spectra", true, near),
    ]
    rows += [
        (name, np.array(measured[name]["true"]), np.array(measured[name]["neighbours"]))
        for name in ("control, stored form", "SDSS", "control")
    ]
    lines = ["| query spectra | n | k | NMAD dz/(1+z) | over .05 |", "|---|---|---|---|---|"]
    for name, z, found in rows:
        for k in [k for k in K_REDSHIFT if k <= found.shape[1]]:
            error = _errors(np.median(found[:, :k], axis=1), z)
            share = np.mean(np.abs(error) > OUTLIER)
            lines.append(f"| {name} | {len(z)} | {k} | {_nmad(error):.4f} | {share:.0%} |")
    return lines


def _deep(results: dict[str, Any]) -> list[str]:
    """Redshifts found for the spectrum that is much deeper than the survey."""
    lines = ["| deep query spectrum | its z | median z of 5 neighbours |", "|---|---|---|"]
    for name, one in results["redshifts"].items():
        if name.startswith("deep"):
            for z, found in zip(one["true"], one["neighbours"], strict=True):
                lines.append(f"| {name} | {z:.4f} | {np.median(found[:5]):.4f} |")
    return lines


def _votes(results: dict[str, Any]) -> list[str]:
    """Explained variance of the vote fractions of real images by their neighbours."""
    lines = ["| vote fraction | k | embedding R2 | colour and size R2 |", "|---|---|---|---|"]
    for name, by_who in results["votes"]["r2"].items():
        for k in K_VOTES:
            pair = [by_who[who][str(k)] for who in ("embedding", "colour and size")]
            lines.append(f"| {name} | {k} | {pair[0]:.3f} | {pair[1]:.3f} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
