"""The table of benchmarks lists every module that can be run, and no other."""

import re
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def runnable_modules() -> set[str]:
    names = set()
    for path in BENCHMARKS.rglob("*.py"):
        if 'if __name__ == "__main__":' in path.read_text("utf-8"):
            parts = path.relative_to(BENCHMARKS.parent).with_suffix("").parts
            names.add(".".join(part for part in parts if part != "__main__"))
    return names


def test_every_runnable_module_is_in_the_table_with_its_command() -> None:
    rows = re.findall(r"^\| `(benchmarks\.[\w.]+)` \|.*\| `(benchmarks[^`]*)` \|", readme(), re.M)
    assert {module for module, _ in rows} == runnable_modules()
    assert all(command.split()[0] == module for module, command in rows)


def test_named_result_files_exist() -> None:
    results = {name for row in rows_of_results() for name in re.findall(r"`([^`]+)`", row)}
    missing = [name for name in results if not (BENCHMARKS / "results" / name).exists()]
    assert missing == []


def rows_of_results() -> list[str]:
    cells = [line.rsplit("|", 2)[1] for line in readme().splitlines() if line.startswith("| `")]
    return [cell for cell in cells if "not committed" not in cell]


def readme() -> str:
    return (BENCHMARKS / "README.md").read_text("utf-8")
