"""Times of the page in a headless Chromium: first paint, bytes, and frames of a large map.

    python -m benchmarks.service.page_times INDEX --galaxies 1000000 --out page_times.json

A service runs over INDEX on this machine. The page is opened several times in fresh contexts; then
its map is opened with synthetic galaxies in place of those of the index, and is moved and magnified
in every frame. Without a graphics card the browser draws with the processor (SwiftShader).
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from galsearch.files.atomic import write_json
from galsearch.http.answers.map_answer import map_bytes

_WAIT_SECONDS = 120
_GESTURES = {
    "move the whole map": ("keydown", {"key": "ArrowLeft"}, {"key": "ArrowRight"}),
    "magnify": ("wheel", {"deltaY": -24}, {"deltaY": -24}),
    "move among points": ("keydown", {"key": "ArrowUp"}, {"key": "ArrowDown"}),
    "shrink": ("wheel", {"deltaY": 24}, {"deltaY": 24}),
}
_RECORD = """async ([kind, there, back, frames]) => {
  const surface = document.querySelector(".map-surface"), box = surface.getBoundingClientRect();
  const place = {clientX: box.left + box.width * 0.45, clientY: box.top + box.height / 2};
  const times = [];
  const next = () => new Promise(requestAnimationFrame);
  let before = await next();
  for (let i = 0; i < frames; i++) {
    const made = {bubbles: true, cancelable: true, ...place, ...(i < frames / 2 ? there : back)};
    const Kind = kind === "wheel" ? WheelEvent : KeyboardEvent;
    surface.dispatchEvent(new Kind(kind, made));
    const now = await next();
    times.push(now - before);
    before = now;
  }
  return times;
}"""


def synthetic_map(n: int) -> bytes:
    """The bytes of a map of `n` galaxies in 60 groups of different sizes."""
    generator = np.random.default_rng(0)
    group = generator.integers(0, 60, n)
    centres, widths = generator.normal(size=(60, 2)) * 5, generator.uniform(0.2, 1.5, 60)
    places = centres[group] + generator.normal(size=(n, 2)) * widths[group, None]
    x, y = places.T.astype(np.float32)

    class Drawn(SimpleNamespace):
        def __len__(self) -> int:
            return n

    drawn: Any = Drawn(target_ids=np.arange(n) + 39_627_000_000_000_000, x=x, y=y)
    facts = {"index": "synthetic", "using": "image", "galaxies": n, "column": "z"}
    return map_bytes(drawn, np.abs(centres[group, 0]) / 10, facts, n)


@contextmanager
def served(index: Path) -> Iterator[str]:
    """The address of `galsearch serve` over an index, which runs meanwhile."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "galsearch", "serve", "--index", str(index)]
    process = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        end = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(f"{address}ready", timeout=5).close()  # noqa: S310 (our own)
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def first_load(browser: Any, address: str) -> dict[str, float]:
    """Time to the first contentful paint, and bytes that the page loads before it is used."""
    context = browser.new_context()
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    page.goto(address, wait_until="networkidle")
    paint = "performance.getEntriesByName('first-contentful-paint')"
    page.wait_for_function(f"{paint}.length > 0")
    script = f"{paint}[0].startTime"
    found = {"first_paint_ms": page.evaluate(script), "bytes": sum(sizes)}
    context.close()
    return found


def frame_times(browser: Any, address: str, n: int, frames: int) -> dict[str, Any]:
    """Milliseconds between frames while the map of `n` galaxies is moved and magnified."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(1000 * _WAIT_SECONDS)
    content = synthetic_map(n)

    def describe(route: Any) -> None:
        answer = route.fetch()
        table = answer.json()
        table["indexes"][0] |= {"map": True, "maps": ["image"], "thumbnails": False}
        route.fulfill(response=answer, json=table)

    page.route("**/v1/describe", describe)
    page.route("**/v1/map?*", lambda route: route.fulfill(body=content))
    page.goto(address)
    start = time.perf_counter()
    page.get_by_role("button", name="Map", exact=True).click()
    page.locator(".map-status", has_text="in view").wait_for()
    found: dict[str, Any] = {"open_seconds": round(time.perf_counter() - start, 2)}
    for name, (kind, there, back) in _GESTURES.items():
        times = page.evaluate(_RECORD, [kind, there, back, frames])
        p50, p95 = np.percentile(times, (50, 95))
        found[name] = {"p50_ms": round(p50, 1), "p95_ms": round(p95, 1), "max_ms": max(times)}
    found["in_view_at_the_end"] = page.locator(".map-status").text_content()
    return found


def main() -> int:
    """Measure the page and print the result as JSON."""
    parser = argparse.ArgumentParser(description="Measure the page in a headless browser.")
    add = parser.add_argument
    add("index", type=Path, help="directory of an index")
    add("--galaxies", type=int, default=1_000_000, help="synthetic galaxies on the map")
    add("--loads", type=int, default=5, help="number of first loads")
    add("--frames", type=int, default=120, help="frames of each movement")
    add("--out", type=Path, help="file to write")
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with served(arguments.index) as address, sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        loads = [first_load(browser, address) for _ in range(arguments.loads)]
        result = {
            "first_paint_ms": statistics.median(load["first_paint_ms"] for load in loads),
            "bytes_before_the_map": max(load["bytes"] for load in loads),
            "loads": loads,
            "galaxies": arguments.galaxies,
            "map": frame_times(browser, address, arguments.galaxies, arguments.frames),
            "browser": browser.version,
            "machine": {"cores": os.cpu_count(), "load_average": os.getloadavg()[0]},
        }
        browser.close()
    if arguments.out is not None:
        write_json(arguments.out, result)
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
