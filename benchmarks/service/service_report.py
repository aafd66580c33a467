"""Tables of the results of `benchmarks.service`.

python -m benchmarks.service.service_report service.json
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from galsearch.core.errors import ConfigError
from galsearch.files.json_input import read_json

_COLUMNS = {
    "per_second": "queries/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "longest_ms": "longest ms",
    "cpu_ms_per_request": "CPU ms",
    "errors": "errors",
}


def report(results: dict[str, Any]) -> str:
    """Tables in Markdown: one line for each service and number of clients, and the uploads."""
    head = ["service", "recall@10", "clients", *_COLUMNS.values(), "RSS MB: first, last, most"]
    lines = [f"{results['galaxies']:,} galaxies, {results['columns']} columns, k = 10.", ""]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for run in results["runs"]:
        memory = [sample["rss"] for sample in run["memory_mb"]]
        values = [
            run["service"],
            f"{run['recall_at_10']:.3f}",
            run["clients"],
            *(run[name] for name in _COLUMNS),
            f"{memory[0]:.0f}, {memory[-1]:.0f}, {max(memory):.0f}",
        ]
        lines.append("| " + " | ".join(map(str, values)) + " |")
    storm = results.get("uploads")
    if storm is not None:
        lines += ["", "One client of queries, without and with clients that upload images:", ""]
        for name in ("without", "with"):
            run = storm[name]
            lines.append(f"- {name} uploads: p50 {run['p50_ms']} ms, p99 {run['p99_ms']} ms")
        sent = storm["uploads"]
        lines.append(
            f"- uploads: {sent['requests']} answered with 200 and {sent['errors']} otherwise, "
            f"p50 {sent['p50_ms']} ms"
        )
    lines += [f"- {name}: not measured, {why}" for name, why in results["not_measured"].items()]
    return "\n".join(lines)


def main() -> int:
    """Print the tables of a file of results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, help="file that benchmarks.service wrote")
    print(report(read_json(parser.parse_args().results, ConfigError)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
