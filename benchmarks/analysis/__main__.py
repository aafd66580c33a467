"""Accuracy and calibration of estimates, and how well outliers and flags find what is wrong.

    python -m benchmarks.analysis INDEX --embeddings EMBEDDINGS --dataset DATASET --real REAL

INDEX holds simulated galaxies with their true properties. Galaxies of the test (and validation)
split are estimated from those of the train split; spectra are exchanged between galaxies and found
by their inconsistency; real spectra get redshifts and flags. Figures go to
`benchmarks/results/analysis.json`; the tables are computed from that file.
"""

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.analysis.analysis_tables import table
from benchmarks.analysis.exchanged_pairs import measure_exchanges
from benchmarks.analysis.real_flags import measure_real_flags
from benchmarks.analysis.simulated_estimates import measure_estimates
from galsearch.core.errors import GalsearchError
from galsearch.encoders import load
from galsearch.files.atomic import write_json
from galsearch.query import open_index

PROPERTIES = ("true_z", "log10_mass", "age_gyr", "log10_z_zsun", "log10_ssfr", "morphology")


def main() -> int:
    """Run the benchmark of analysis; returns the exit status, 1 after an error of galsearch."""
    try:
        return run(parse(sys.argv[1:]))
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parse(texts: list[str]) -> argparse.Namespace:
    """The options of the benchmark of analysis, parsed from the texts of its command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.analysis", description="Estimates, outliers and flags."
    )
    add = parser.add_argument
    add("index", type=Path, help="an index of simulated galaxies")
    add("--property", action="append", default=[], help="columns to estimate")
    add("--split", action="append", default=[], choices=("validation", "test"))
    add("--embeddings", type=Path, help="its embeddings, to exchange spectra")
    add("--share", type=float, default=0.05, help="share of galaxies with exchanged spectra")
    add("--redshift", default="true_z", help="column of true redshifts")
    add("--dataset", type=Path, help="its dataset, for real spectra")
    add("--real", type=Path, help="folder of real survey files")
    add("--n", type=int, default=4000, help="simulated spectra that real ones are compared with")
    add("--encoder", default="galsearch-small", help="a name, or a file of weights")
    add("--work", type=Path, default=Path("analysis-work"), help="directory for indexes")
    add("--out", type=Path, default=Path(__file__).parents[1] / "results" / "analysis.json")
    return parser.parse_args(texts)


def run(arguments: argparse.Namespace) -> int:
    """Measure what the arguments name and print the tables; each part is stored when it is done."""
    index = open_index(arguments.index).index
    splits = arguments.split or ["validation", "test"]
    results: dict[str, Any] = {
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "fingerprint": index.manifest.fingerprint,
        "n_galaxies": len(index),
        "splits": splits,
        "estimates": {},
    }
    for name in arguments.property or PROPERTIES:
        results["estimates"] |= measure_estimates(index, [name], splits)
        write_json(arguments.out, results, indent=None)
    if arguments.embeddings is not None:
        results["exchanges"] = measure_exchanges(
            arguments.embeddings,
            arguments.work,
            share=arguments.share,
            seed=1,
            redshift=arguments.redshift,
        )
        write_json(arguments.out, results, indent=None)
    if arguments.real is not None and arguments.dataset is not None:
        encoder = load(arguments.encoder).spectrum
        results["real"] = measure_real_flags(
            encoder, arguments.dataset, arguments.real, arguments.n
        )
        write_json(arguments.out, results, indent=None)
    print(table(json.loads(json.dumps(results))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
