"""The limits that SECURITY.md states are those of the code."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "SECURITY.md").read_text("utf-8")
ROWS = re.findall(r"^\| [^|]+ \| ([\d,]+) \| `([\w.]+)` \|$", PAGE, re.M)


def test_the_table_has_all_its_rows() -> None:
    table = PAGE.split("## Limits", 1)[1].split("## ", 1)[0]
    assert len(ROWS) == sum(line.startswith("| ") for line in table.splitlines()) - 1
    assert len(ROWS) > 20


@pytest.mark.parametrize(("value", "name"), ROWS, ids=[name for _, name in ROWS])
def test_a_limit_has_the_value_of_the_code(value: str, name: str) -> None:
    module, *path = re.split(r"\.(?=[A-Z_]+\b|Limits)", name, maxsplit=1)
    found = importlib.import_module(module)
    for part in path[0].split("."):
        found = getattr(found, part)
    assert found == int(value.replace(",", ""))
