"""Record the neighbours of some galaxies of an index, to compare later versions with.

    python -m tests.golden.record_neighbours INDEX OUT.json --n 25 --k 10

Each of `n` galaxies that have both modalities, evenly spaced by TARGETID, is a query in all four
directions, with and without a filter.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.query import SearchEngine, open_index

WHERE = (None, "z < 0.4")


def main() -> None:
    """Write the neighbours found in the index that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--n", type=int, default=25, help="number of query galaxies")
    parser.add_argument("--k", type=int, default=10, help="number of neighbours")
    arguments = parser.parse_args()
    rows = record(open_index(arguments.index), n=arguments.n, k=arguments.k)
    arguments.out.write_text(json.dumps(rows, separators=(",", ":")) + "\n", encoding="utf-8")


def record(engine: SearchEngine, *, n: int, k: int) -> list[dict[str, Any]]:
    """The neighbours of `n` galaxies in every direction; TARGETIDs are text."""
    stored = [engine.index.stored(kind).ids for kind in Modality]
    both = np.intersect1d(*stored, assume_unique=True)
    rows = []
    for target_id in both[:: max(1, len(both) // n)][:n].tolist():
        for using, among in DIRECTIONS:
            for where in WHERE:
                found = engine.query(target_id, using=using, among=among, k=k, where=where)
                rows.append(
                    {
                        "target_id": str(target_id),
                        "using": using,
                        "among": among,
                        "where": where,
                        "neighbours": [str(neighbour) for neighbour in found],
                        "similarity": [round(float(cosine), 8) for cosine in found.similarity],
                    }
                )
    return rows


if __name__ == "__main__":
    main()
