"""The files of the page are whole, as published, and can run under the policy of the service."""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from galsearch.render.spectrum_plot import LINES_ANGSTROM

PAGE = Path(__file__).parents[3] / "galsearch" / "http" / "page"
VENDOR = PAGE / "vendor"
VENDOR_OF_TESTS = Path(__file__).parent / "vendor"
PACKAGES = json.loads((VENDOR / "vendor.json").read_text())
OWN = sorted(path for path in PAGE.iterdir() if path.is_file())
SCRIPTS = [path for path in OWN if path.suffix == ".js"]
LARGEST_FIRST_LOAD_BYTES = 600_000


def imports_of(script: Path) -> set[Path]:
    """The modules that a script imports, now or later."""
    names = re.findall(r'(?:from|import)\s*\(?\s*"(\.[^"]+)"', script.read_text("utf-8"))
    return {(script.parent / name).resolve() for name in names}


class Document(HTMLParser):
    """The attributes of all elements of the page, and the texts inside of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag, attributes) -> None:
        self.elements.append((tag, dict(attributes)))
        self._inside = tag

    def handle_endtag(self, tag) -> None:  # noqa: ARG002 (the name of the base class)
        self._inside = ""

    def handle_data(self, text) -> None:
        if self._inside in ("script", "style") and text.strip():
            self.inline.append(text)


@pytest.fixture(scope="module")
def document() -> Document:
    parsed = Document()
    parsed.feed((PAGE / "index.html").read_text("utf-8"))
    return parsed


@pytest.mark.parametrize("vendor", [VENDOR, VENDOR_OF_TESTS], ids=["page", "tests"])
def test_every_vendored_file_is_as_it_was_published(vendor: Path) -> None:
    listed = {
        f"{directory}/{name}": digest
        for directory, package in json.loads((vendor / "vendor.json").read_text()).items()
        for name, digest in package["files"].items()
    }
    present = {
        path.relative_to(vendor).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.name != "vendor.json"
    }
    assert present == listed


@pytest.mark.parametrize("directory", PACKAGES)
def test_every_vendored_package_has_its_version_and_a_free_licence(directory: str) -> None:
    package = PACKAGES[directory]
    assert directory == f"{package['package']}-{package['version']}"
    assert package["licence"] in ("MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0")
    assert "Permission is hereby granted" in (VENDOR / directory / "LICENSE").read_text()


def test_the_document_has_nothing_that_the_content_policy_forbids(document: Document) -> None:
    assert document.inline == []
    for tag, attributes in document.elements:
        assert tag not in ("style", "base", "iframe", "object"), tag
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


def test_all_that_the_document_loads_is_of_the_page(document: Document) -> None:
    loaded = [
        attributes.get("src") or attributes["href"]
        for tag, attributes in document.elements
        if tag in ("script", "link", "img")
    ]
    assert [name for name in loaded if not (PAGE / name.removeprefix("static/")).is_file()] == []
    assert all(name.startswith("static/") for name in loaded)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_html_or_code_from_text(path: Path) -> None:
    text = path.read_text("utf-8")
    unsafe = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\(|new Function"
    assert re.findall(unsafe, text) == []
    assert '"style"' not in text


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_short_and_imports_what_exists(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 260
    assert [found for found in imports_of(path) if not found.is_file()] == []


def test_every_script_is_reached_from_the_first_one() -> None:
    reached, waiting = set(), [PAGE / "app.js"]
    while waiting:
        script = waiting.pop()
        if script not in reached and script.is_relative_to(PAGE):
            reached.add(script)
            waiting += imports_of(script)
    assert set(SCRIPTS) <= reached


def test_the_page_is_small() -> None:
    files = [path for path in PAGE.rglob("*") if path.suffix in (".js", ".css", ".html", ".svg")]
    assert sum(path.stat().st_size for path in files) < LARGEST_FIRST_LOAD_BYTES


def test_the_page_marks_the_lines_of_the_plots_of_the_library() -> None:
    text = (PAGE / "spectral_lines.js").read_text("utf-8")
    table = text.split("LINES_ANGSTROM = {", 1)[1].split("};", 1)[0]
    lines = {name: float(value) for name, value in re.findall(r'"([^"]+)": ([\d.]+)', table)}
    assert lines == LINES_ANGSTROM
