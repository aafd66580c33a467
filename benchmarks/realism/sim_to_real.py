"""Evaluation on real spectra and images of encoders that were trained on simulated ones.

    python -m benchmarks.realism.sim_to_real --encoder NAME --survey DIR --real ../shared/real

Each real EDR or SDSS spectrum takes the redshift of its nearest simulated neighbours, which are
spectra of the survey embedded by the same encoder. Real Galaxy Zoo galaxies take the vote fractions
of their neighbours among themselves. Results, object by object, go to
`benchmarks/results/sim_to_real.json`.
"""

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism.samples.template_redshifts import AGREES
from benchmarks.realism.transfer.neighbour_redshifts import K_REDSHIFT, neighbour_redshifts
from benchmarks.realism.transfer.neighbour_votes import K_VOTES, vote_r2
from galsearch.encoders import load
from galsearch.files.atomic import write_json

OUTLIER = 0.05
"""Redshift errors |dz| / (1 + z) above this are outliers."""
GALAXY_Z = 0.85
"""Upper redshift limit of the spectra that are taken to be galaxies: their file gives no class, and
those beyond are quasars and ELGs."""


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
            error = (np.median(found[:, :k], axis=1) - z) / (1 + z)
            nmad = 1.4826 * np.median(np.abs(error - np.median(error)))
            share = np.mean(np.abs(error) > OUTLIER)
            lines.append(f"| {name} | {len(z)} | {k} | {nmad:.4f} | {share:.0%} |")
    lines += ["", "| deep query spectrum | its z | median z of 5 neighbours |", "|---|---|---|"]
    for name in ("deep", "deep, noise of BGS"):
        for z, found in zip(measured[name]["true"], measured[name]["neighbours"], strict=True):
            lines.append(f"| {name} | {z:.4f} | {np.median(found[:5]):.4f} |")
    lines += ["", "| vote fraction | k | embedding R2 | colour and size R2 |", "|---|---|---|---|"]
    for name, by_who in results["votes"]["r2"].items():
        for k in K_VOTES:
            pair = [by_who[who][str(k)] for who in ("embedding", "colour and size")]
            lines.append(f"| {name} | {k} | {pair[0]:.3f} | {pair[1]:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
