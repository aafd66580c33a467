"""The page has no serious finding of axe-core, in light, dark and on a telephone."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.timeout(600)  # a browser is slow where many processes share a processor

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
PHONE = {"width": 360, "height": 740}


def findings(page: Any) -> list[str]:
    """Serious and critical findings on the page as it is now."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {json.dumps([node['html'][:200] for node in one['nodes'][:4]])}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(
    "options",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": PHONE, "has_touch": True}],
    ids=["light", "dark", "phone"],
)
def test_results_and_details_are_accessible(visit, demonstration, options) -> None:
    page = visit(**options).open(f"?target_id={demonstration.target_id}&k=3")
    page.locator("#cards .mark").first.click()
    page.locator("#cards .card-open").first.click()
    page.locator("#detail .uplot").wait_for()
    assert findings(page) == []


def test_the_welcome_and_open_filters_and_options_are_accessible(visit) -> None:
    page = visit(viewport=PHONE).open()
    page.locator("#filter-panel > summary").click()
    page.locator("summary", has_text="More").click()
    assert findings(page) == []


def test_an_error_is_accessible(visit) -> None:
    page = visit(color_scheme="dark").open()
    page.fill("#text", "1")
    page.press("#text", "Enter")
    page.locator("#alert .message").wait_for()
    assert findings(page) == []
