"""Recall that an index promises and keeps, for common, rare, new and filtered galaxies.

    python -m benchmarks.promised_recall --work DIR --out results/rare-kinds.json

The table shows the recall@10 that the manifest promises beside what was found.

`common`: galaxies like most. `rare`: three kinds of .05, .1 and .33 per cent, asked by themselves.
`new`: 9 and 12 per cent added of a kind that is turned by an angle, asked by the new ones, before
and after `compact`. `grown`: 50 galaxies to which 7,950 of the same kind were added. `filter`:
random filters of 1 to 5 per cent.
"""

import argparse
import shutil
import sys
from pathlib import Path

from benchmarks.promised_recall.promise_cases import MEASUREMENTS, Case, N, table
from galsearch.files.atomic import write_json
from galsearch.index.vectors.codec import STORES


def main() -> int:
    """Run the chosen cases and print their table; returns the exit status."""
    parser = argparse.ArgumentParser(description="Recall promised and kept for rare galaxies.")
    option = parser.add_argument
    option("--work", type=Path, required=True, help="directory for the indexes; it is emptied")
    option("--out", type=Path, help="JSON file of results")
    option("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    option("--stores", nargs="+", choices=STORES, default=list(STORES))
    option("--n", type=int, default=N, help="number of common galaxies")
    option("--seed", type=int, default=1, help="seed of the survey")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    case = Case(arguments.work, arguments.n, arguments.seed)
    for name in arguments.only:
        for store in arguments.stores:
            MEASUREMENTS[name](case, store)
    results = {"n": arguments.n, "seed": arguments.seed, "cases": case.entries}
    if arguments.out is not None:
        write_json(arguments.out, results, indent=None)
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
