"""A service in a process of its own, and one headless Chromium that all tests of the page share."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.modality import Modality
from tests.index.drawn_map import store_drawn_map

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
DESKTOP = {"width": 1280, "height": 900}
WAIT_SECONDS = 60
PATIENCE_MS = 30_000
"""Time that a busy machine has to show what a test expects."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser of a module; every test has a context of its own in it.

    Playwright runs an event loop while it is open, beside which tests of other modules could not
    run their own.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    playwright.expect.set_options(timeout=PATIENCE_MS)
    with playwright.sync_playwright() as started:
        # A container has no sandbox for a browser of root, and the page is our own.
        chromium = started.chromium.launch(
            executable_path=CHROMIUM,
            # The map is drawn with WebGL, without a graphics card by SwiftShader.
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(browser: Any, demonstration: Any) -> Iterator[str]:
    """Address of `galsearch serve` over the demonstration."""
    with served(demonstration.home, demonstration.home / "index_builds" / "demo") as found:
        yield found


@pytest.fixture(scope="module")
def mapped(demonstration: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the index of the demonstration, with a map of each modality."""
    index = tmp_path_factory.mktemp("mapped") / "demo"
    shutil.copytree(demonstration.home / "index_builds" / "demo", index)
    for modality in Modality:
        store_drawn_map(index, modality)
    return index


@pytest.fixture(scope="module")
def map_address(browser: Any, demonstration: Any, mapped: Path) -> Iterator[str]:
    """Address of `galsearch serve` over an index with maps."""
    with served(demonstration.home, mapped) as found:
        yield found


@contextmanager
def served(home: Path, index: Path) -> Iterator[str]:
    """The address of a service that runs meanwhile, over an index and the dataset of `home`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "galsearch", "serve", "--port", str(port)]
    command += ["--index", str(index), "--dataset", str(home / "demo" / "dataset")]
    process = subprocess.Popen(command, cwd=home, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        _wait_until_ready(address, process)
        yield address
    finally:
        process.terminate()
        assert process.wait(WAIT_SECONDS) == 0


def _wait_until_ready(address: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "galsearch serve ended"
        try:
            with urllib.request.urlopen(f"{address}ready", timeout=5):  # noqa: S310 (our own)
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    pytest.fail("galsearch serve did not become ready")


@dataclass
class Visit:
    """One page of the browser, and what it reported."""

    page: Any
    address: str
    problems: list[str] = field(default_factory=list)
    """Errors of scripts, and what the content policy refused."""
    requests: list[str] = field(default_factory=list)

    def open(self, query: str = "") -> Any:
        """Open the page with a search in its address, and wait for its answer."""
        self.page.goto(self.address + query)
        self.page.locator("#index-facts", has_text="galaxies").wait_for()
        if query:
            self.page.locator("#cards li").first.wait_for()
        return self.page

    def ids(self) -> list[str]:
        """TARGETIDs of the neighbours on the page."""
        return self.page.locator("#cards li .card-open").all_text_contents()

    def spectrum_label(self, number: int) -> str:
        """The text that a screen reader reads for the spectrum of a card."""
        z = self.page.locator("#cards li dd").nth(2 * number).text_content().split()[0]
        return f"Spectrum of {self.ids()[number]} at z {z}"


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Visit]]:
    """Opens a page; afterwards no script failed, and nothing but the service was asked."""
    contexts, visits = [], []

    def new_visit(*, at: str = address, **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        made = Visit(context.new_page(), at)
        visits.append(made)
        made.page.on("pageerror", lambda error: made.problems.append(str(error)))
        made.page.on("console", lambda message: _note(made, message))
        made.page.on("request", lambda request: made.requests.append(request.url))
        return made

    yield new_visit
    for context in contexts:
        context.close()
    for made in visits:
        assert made.problems == []
        foreign = [
            url for url in made.requests if not url.startswith((made.address, "blob:", "data:"))
        ]
        assert foreign == []


def _note(visit: Visit, message: Any) -> None:
    # An answer with an error status is reported by the browser, and shown by the page.
    if message.type == "error" and "Failed to load resource" not in message.text:
        visit.problems.append(message.text)


@pytest.fixture(scope="session")
def cutout(demonstration: Any) -> Path:
    """A FITS image of the simulated survey."""
    return next(iter(sorted((demonstration.home / "demo" / "survey" / "cutouts").rglob("*.fits"))))
