"""The commands, Python blocks, tables and links of the README work as written."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

import galsearch
from galsearch.cli import app
from galsearch.dataset.ingest.ingest_recipe import read_recipe

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def test_python_blocks_run_and_give_five_neighbours(
    demonstration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demonstration.home)
    names: dict[str, object] = {"target_id": demonstration.target_id}
    assert blocks("python")
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102 (our own README)
    answer = names["answer"]
    assert isinstance(answer, galsearch.Neighbours)
    assert str(answer.target_ids.dtype) == "int64"
    assert len(answer) == 5


def test_every_command_of_the_readme_exists_with_the_options_named() -> None:
    commands = {str(c.name): c for c in app.registered_commands}
    seen = set()
    for block in blocks("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if not words or Path(words[0]).name != "galsearch":
                continue
            assert words[1] in commands, line
            seen.add(words[1])
    assert {"ingest", "embed", "build-index", "query"} <= seen


def test_every_command_has_a_row_in_the_table_of_twins() -> None:
    rows = re.findall(r"^\| `galsearch ([a-z-]+)` \| (?:`([a-z_.()]+)`)?", README, re.M)
    assert {name for name, _ in rows} == {str(c.name) for c in app.registered_commands}
    for _, path in rows:
        for part in filter(None, [path.split("(")[0]]):
            thing = galsearch
            for word in part.split(".")[1:]:
                thing = getattr(thing, word)


def test_the_recipe_in_the_readme_is_a_recipe(tmp_path: Path) -> None:
    (recipe,) = blocks("toml")
    (tmp_path / "mine.toml").write_text(recipe)
    assert read_recipe(tmp_path / "mine.toml").name == tomllib.loads(recipe)["name"] == "mine"


def test_every_extra_is_in_the_readme() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for extra in set(project["optional-dependencies"]) - {"dev"}:
        assert f"`{extra}`" in README, extra


def test_every_file_that_the_readme_links_to_is_there() -> None:
    for link in re.findall(r"\]\((?!https?://)([^)#]+)", README):
        assert (ROOT / link).exists(), link
