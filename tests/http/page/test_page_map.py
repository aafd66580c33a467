"""The map on the page: it is loaded late, drawn, walked through, and filters with a lasso."""

import io
from typing import Any

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from PIL import Image
from playwright.sync_api import expect

from galsearch.core.modality import Modality
from galsearch.index import open_build
from tests.http.page.test_page_access import PHONE, findings

# A browser without a graphics card draws this slowly where many processes share a processor.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
N, K = 24, 5


@pytest.fixture
def open_map(visit, map_address: str):
    """Opens a page with its map."""

    def opened(query: str = "", **options: Any) -> Any:
        made = visit(at=map_address, **options)
        made.open(query)
        assert not [url for url in made.requests if "map_view" in url or "v1/map" in url]
        made.page.get_by_role("button", name="Map", exact=True).click()
        expect(made.page.locator(".map-status")).to_have_text(f"{N} of {N} galaxies in view")
        return made

    return opened


def in_lasso(index, text: str) -> set[str]:
    """TARGETIDs of the galaxies that the lasso of an address encircles."""
    kind, numbers = text.split(":")
    corners = np.array(numbers.split(","), float).reshape(-1, 2)
    records = open_build(index).map_records(Modality(kind))
    found = set()
    for target_id, x, y, _ in records.tolist():
        inside = False
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
            if (y0 > y) != (y1 > y) and x < x0 + (x1 - x0) * (y - y0) / (y1 - y0):
                inside = not inside
        if inside:
            found.add(str(target_id))
    return found


def lasso_of(page: Any) -> str:
    return page.evaluate("new URLSearchParams(location.search).get('lasso')")


def test_the_map_is_drawn_with_the_neighbours_marked(open_map, demonstration) -> None:
    plain = open_map().page
    plain.locator("#map-column").select_option("mag_r")
    expect(plain.locator(".map-legend")).to_contain_text("mag r")
    query = open_map(f"?target_id={demonstration.target_id}&k={K}").page
    pictures = [
        np.asarray(Image.open(io.BytesIO(page.locator(".map-surface").screenshot())).convert("RGB"))
        for page in (plain, query)
    ]
    # The query galaxy is drawn in a colour of its own: #a84800.
    marked = [(np.abs(one.astype(int) - [168, 72, 0]) < 40).all(axis=2).sum() for one in pictures]
    assert (pictures[0] != pictures[0][2, 2]).any(axis=2).sum() > 20 * N
    assert marked[1] > marked[0] + 50
    query.locator("#map-using").select_option("spectrum")
    expect(query.get_by_role("heading", name="Map of spectra")).to_be_visible()
    query.get_by_role("button", name="Close the map").click()
    expect(query.locator("#map")).to_be_hidden()
    expect(query.get_by_role("button", name="Map", exact=True)).to_be_focused()


def test_a_lasso_limits_the_search_and_is_in_the_link(
    open_map, visit, map_address, mapped, demonstration
) -> None:
    first = open_map(f"?target_id={demonstration.target_id}&k={N}")
    page = first.page
    expect(page.locator("#cards li")).to_have_count(N - 1)
    page.get_by_role("button", name="Lasso", exact=True).click()
    box = page.locator(".map-surface").bounding_box()
    left, top = box["x"] + box["width"] * 0.2, box["y"] + 8
    right, bottom = box["x"] + box["width"] * 0.55, box["y"] + box["height"] - 8
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    expect(page.locator(".map-selection")).to_contain_text("encircled galaxies")
    expect(page.locator("#cards")).not_to_have_attribute("aria-busy", "true")
    wanted = in_lasso(mapped, lasso_of(page)) - {demonstration.target_id}
    assert 0 < len(wanted) < N - 1
    expect(page.locator("#cards li")).to_have_count(len(wanted))
    assert set(first.ids()) == wanted
    other = visit(at=map_address)
    other.open(page.url.removeprefix(map_address))
    assert other.ids() == first.ids()
    expect(other.page.locator("#map")).to_be_visible()
    page.get_by_role("button", name="Clear the lasso").click()
    expect(page.locator("#cards li")).to_have_count(N - 1)
    assert lasso_of(page) is None


def test_the_map_can_be_used_with_the_keyboard(open_map, mapped) -> None:
    page = open_map().page
    surface = page.get_by_role("application", name=f"Map of {N} images")
    surface.focus()
    for key in ("+", "+", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator(".map-status")).not_to_have_text(f"{N} of {N} galaxies in view")
    page.keyboard.press("0")
    expect(page.locator(".map-status")).to_have_text(f"{N} of {N} galaxies in view")
    page.keyboard.press("Enter")
    chosen = page.locator(".map-galaxy b").text_content()
    expect(page.locator(".map-galaxy")).to_contain_text("z ")
    page.keyboard.press("v")
    expect(page.locator(".map-selection")).to_contain_text(f"among {N} encircled galaxies")
    page.get_by_role("button", name=f"Search from here: {chosen}").click()
    expect(page.locator("#query .card-open")).to_have_text(chosen)
    assert len(in_lasso(mapped, lasso_of(page))) == N


def test_galaxies_have_their_images_when_there_is_room(open_map) -> None:
    page = open_map().page
    pictures = page.locator(".map-pictures img[src]")
    expect(pictures.first).to_be_attached()
    page.wait_for_function("document.querySelector('.map-pictures img[src]').naturalWidth > 0")


@pytest.mark.parametrize(
    "options",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": PHONE, "has_touch": True}],
    ids=["light", "dark", "phone"],
)
def test_the_map_is_accessible(open_map, demonstration, options) -> None:
    page = open_map(f"?target_id={demonstration.target_id}&k=3", **options).page
    page.locator(".map-surface").press("Enter")
    page.locator(".map-galaxy").wait_for()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
