"""The command line: measure, write the JSON, draw from it."""

import argparse
import sys
from pathlib import Path

from benchmarks.realism.measure_realism import Sizes, measure
from benchmarks.realism.realism_report import write_report
from benchmarks.realism.simulated import Simulated


def main() -> int:
    """Compare the survey that the command line names with the real samples."""
    parser = argparse.ArgumentParser(description="Simulated galaxies beside real ones.")
    parser.add_argument("--survey", type=Path, required=True, help="made by galsearch simulate")
    parser.add_argument("--real", type=Path, required=True, help="folder of real survey files")
    parser.add_argument("--out", type=Path, required=True, help="for JSON, figures and README.md")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sizes = Sizes()
    simulated = Simulated.open(arguments.survey, sizes.galaxies)
    results, pictures = measure(simulated, arguments.real, sizes, arguments.seed)
    write_report(results, pictures, arguments.out)
    for name, entry in results["classifiers"].items():
        print(f"{name}: AUC {entry['auc']:.3f} +- {entry['auc_error']:.3f} ({entry['model']})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
