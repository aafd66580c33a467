"""Command line of the realism benchmark: it measures and writes the report."""

import argparse
import sys
from pathlib import Path

from benchmarks.realism.measure_realism import Sizes, measure
from benchmarks.realism.report.realism_report import write_report
from benchmarks.realism.samples.simulated_survey import SimulatedSurvey


def main() -> int:
    """Compare the simulated survey named on the command line with real samples, and write the
    report; returns the exit status.
    """
    parser = argparse.ArgumentParser(description="Compare simulated with real galaxies.")
    parser.add_argument("--survey", type=Path, required=True, help="made by galsearch simulate")
    parser.add_argument("--real", type=Path, required=True, help="folder of real survey files")
    parser.add_argument("--out", type=Path, required=True, help="for JSON, figures and README.md")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sizes = Sizes()
    simulated = SimulatedSurvey.open(arguments.survey, sizes.galaxies)
    results, pictures = measure(simulated, arguments.real, sizes, arguments.seed)
    write_report(results, pictures, arguments.out)
    for name, entry in results["classifiers"].items():
        print(f"{name}: AUC {entry['auc']:.3f} +- {entry['auc_error']:.3f} ({entry['model']})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
