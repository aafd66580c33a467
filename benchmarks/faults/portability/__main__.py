"""Every command in environments that differ from a plain machine, compared with the plain one.

    python -m benchmarks.faults.portability --work DIR --out portability.json

The table names how each environment is made: mounts are real and need root; calls of `flock` fail
by a library that is loaded first. Linux only.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.faults.portability.environments import Environment, environments
from benchmarks.faults.subjects.small_survey import make_inputs
from galsearch.files.atomic import write_json


def main() -> int:
    """Run everything in each environment, print a line for each, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="directory for all files")
    parser.add_argument("--out", type=Path, help="JSON file of the results")
    parser.add_argument("--only", help="environments whose names have this text, and the plain one")
    parser.add_argument("--commands", nargs="*", help="commands that write; default: all")
    arguments = parser.parse_args()
    root = arguments.work.resolve()
    if not (root / "inputs").is_dir():
        make_inputs(root / "inputs")
    (root / "work").mkdir(exist_ok=True)
    plain: dict[str, Any] = {}
    results = []
    for environment in environments(root):
        if plain and arguments.only and arguments.only not in environment.name:
            continue
        found = run_in(environment, root, arguments.commands)
        plain = plain or found
        entry = compared(environment, plain, found)
        results.append(entry)
        print(json.dumps(entry), flush=True)
        if arguments.out is not None:
            write_json(arguments.out, results, indent=1)
    return int(any(entry["different"] for entry in results))


def run_in(
    environment: Environment, root: Path, commands: list[str] | None = None
) -> dict[str, Any]:
    """The files that the commands leave in an environment, and their answers; see `runs`."""
    words = [
        *environment.prefix,
        sys.executable,
        "-m",
        "benchmarks.faults.portability.runs",
        str(root),
    ]
    words += [] if environment.writes else ["--reads-only"]
    words += ["--commands", *commands] if commands else []
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **environment.variables}
    variables = {name: value for name, value in variables.items() if value}
    done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise RuntimeError(f"{environment.name}: status {done.returncode}\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def compared(
    environment: Environment, plain: dict[str, Any], found: dict[str, Any]
) -> dict[str, Any]:
    """The number of trials in an environment, and those with another result than the plain one."""
    different: dict[str, dict[str, Any]] = {}
    for name, result in found.items():
        expected = dict(_items(plain[name]))
        wrong = {key: value for key, value in _items(result) if value != expected[key]}
        if wrong:
            different[name] = wrong
    return {
        "environment": environment.name,
        "way": environment.way,
        "trials": len(found),
        "different": different,
    }


def _items(result: Any) -> list[tuple[str, Any]]:
    return list(result.items()) if isinstance(result, dict) else [("result", result)]


if __name__ == "__main__":
    raise SystemExit(main())
