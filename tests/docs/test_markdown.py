"""README and documentation are true: commands exist, Python runs, links lead somewhere."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

import galsearch
from galsearch.dataset.ingest.ingest_recipe import read_recipe
from tests.cli.parsed_commands import COMMANDS, command_lines, parse

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "reference" not in path.parts),
    ROOT / "index_builds" / "README.md",
    ROOT / "training" / "README.md",
    ROOT / "benchmarks" / "README.md",
    ROOT / "benchmarks" / "results" / "realism" / "README.md",
    ROOT / "galsearch" / "encoders" / "pretrained" / "README.md",
]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(path: Path, language: str) -> list[str]:
    """The texts of the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.M | re.S)


def lines_of_shell(path: Path) -> list[list[str]]:
    """The words of each command line in the shell blocks of a page."""
    return [words for block in blocks(path, "sh") for words in command_lines(block)]


def identifier(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PAGES, ids=identifier)
def test_python_blocks_run(path: Path, demonstration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demonstration.home)
    names: dict[str, object] = {"target_id": demonstration.target_id}
    for block in blocks(path, "python"):
        exec(compile(block, identifier(path), "exec"), names)  # noqa: S102 (our own pages)


@pytest.mark.slow  # UMAP is compiled when it is first used
def test_the_block_of_the_page_on_maps_runs(
    demonstration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("umap")
    # The map is stored with the index, and the demonstration is only read.
    shutil.copytree(demonstration.home / "index_builds", tmp_path / "index_builds")
    monkeypatch.chdir(tmp_path)
    path = ROOT / "docs" / "how-to" / "map.md"
    (block,) = blocks(path, r"\{code-block\} python")
    exec(compile(block, identifier(path), "exec"), {})  # noqa: S102 (our own page)
    assert (tmp_path / "map.png").read_bytes()[1:4] == b"PNG"


def test_the_example_of_the_readme_gives_the_output_in_its_comments(
    demonstration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demonstration.home)
    names: dict[str, object] = {"target_id": demonstration.target_id}
    (block,) = blocks(ROOT / "README.md", "python")
    exec(compile(block, "README.md", "exec"), names)  # noqa: S102 (our own README)
    neighbours = names["neighbours"]
    assert isinstance(neighbours, galsearch.Neighbours)
    assert str(neighbours.target_ids.dtype) == "int64"
    assert len(neighbours) == 5
    assert int(demonstration.target_id) not in neighbours.target_ids


@pytest.mark.parametrize("path", PAGES, ids=identifier)
def test_commands_of_pages_are_understood(path: Path) -> None:
    for words in lines_of_shell(path):
        if Path(words[0]).name != "galsearch" or words[1] == "...":
            continue
        if words[1].startswith("--"):
            assert words[1] in {"--help", "--version", "--install-completion"}, words
        elif "--help" not in words:
            parse(words)


@pytest.mark.parametrize("path", PAGES, ids=identifier)
def test_modules_that_are_run_exist(path: Path) -> None:
    for words in lines_of_shell(path):
        if words[1:2] == ["-m"] and words[2].split(".")[0] in {"benchmarks", "training"}:
            home = ROOT.joinpath(*words[2].split("."))
            assert home.with_suffix(".py").is_file() or (home / "__main__.py").is_file(), words


@pytest.mark.parametrize("path", PAGES, ids=identifier)
def test_links_to_files_lead_to_files(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        target = path.parent / link
        generated = "reference" in target.parts and "docs" in target.resolve().parts
        assert target.exists() or generated, f"{identifier(path)} links to {link}"


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=identifier)
def test_pages_of_the_documentation_link_to_pages_of_the_documentation(path: Path) -> None:
    """Sphinx knows no page outside docs: SECURITY.md, say, is docs/security.md there."""
    for link in re.findall(r"\]\((?!https?://|#)([^)#]+\.md)", path.read_text("utf-8")):
        assert (path.parent / link).resolve().is_relative_to(ROOT / "docs"), link


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "docs" / "how-to" / "own-galaxies.md"], ids=identifier
)
def test_the_recipe_is_a_recipe(path: Path, tmp_path: Path) -> None:
    (recipe,) = blocks(path, "toml")
    (tmp_path / "mine.toml").write_text(recipe)
    assert read_recipe(tmp_path / "mine.toml").name == tomllib.loads(recipe)["name"] == "mine"


def test_every_command_has_a_row_with_its_function() -> None:
    page = (ROOT / "docs" / "concepts" / "cli.md").read_text("utf-8")
    rows = re.findall(r"^\| `galsearch ([a-z-]+)` \| (?:`([a-z_.()]+)`)?", page, re.M)
    assert {name for name, _ in rows} == set(COMMANDS)
    for _, path in rows:
        thing = galsearch
        for word in path.split("(")[0].split(".")[1:]:
            thing = getattr(thing, word)


PACKAGE_PAGES = [
    path
    for path in sorted((ROOT / "docs" / "concepts").glob("*.md"))
    if path.stem != "architecture"
]


@pytest.mark.parametrize("path", PACKAGE_PAGES, ids=identifier)
def test_a_page_on_a_package_names_all_its_modules(path: Path) -> None:
    package = ROOT / "galsearch" / path.stem.removesuffix("-package")
    tables = re.findall(
        r"^\| (?:module|sub-package)[^\n]*\n\|[-|]+\n((?:\|.*\n)+)", path.read_text("utf-8"), re.M
    )
    rows = [row for table in tables for row in table.splitlines()]
    named = [name for row in rows for name in re.findall(r"`([a-z_]+)`", row.split("|")[1])]
    children = {
        child.stem
        for child in package.iterdir()
        if not child.name.startswith("_") and (child.suffix == ".py" or child.is_dir())
    }
    assert sorted(named) == sorted(children)


@pytest.mark.parametrize("path", PAGES, ids=identifier)
def test_files_of_the_repository_that_are_named_exist(path: Path) -> None:
    tops = "galsearch|tests|training|benchmarks|docs|index_builds/recipes"
    for name in re.findall(rf"`((?:{tops})/[\w./-]+)`", path.read_text("utf-8")):
        assert (ROOT / name).exists(), name


def test_every_extra_is_on_the_page_on_installation() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    page = (ROOT / "docs" / "install.md").read_text("utf-8")
    for extra in project["optional-dependencies"]:
        assert f"| `{extra}` |" in page, extra


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    listed = set(re.findall(r"^([a-z-]+(?:/[a-z-]+)?)$", index, re.M))
    docs = ROOT / "docs"
    pages = {
        str(path.relative_to(docs).with_suffix(""))
        for pattern in ("*.md", "*/*.md", "*/*.ipynb")
        for path in docs.glob(pattern)
        if path.relative_to(docs).parts[0] not in {"_build", "reference"}
    }
    generated = {"reference/cli", "reference/api", "reference/errors", "reference/imports"}
    assert pages - {"index"} == listed - generated
