"""The page in a real browser: searches, filters, examples, files, details and the address."""

import json
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(600)  # a browser is slow where many processes share a processor
K = 6
PATIENCE_MS = 30_000


@pytest.fixture
def search(demonstration: Any) -> str:
    """The search of one galaxy, as the address of the page states it."""
    return f"?target_id={demonstration.target_id}&using=image&among=image&k={K}"


def test_a_visitor_sees_what_the_index_holds_and_begins_with_one_of_its_galaxies(visit) -> None:
    first = visit()
    page = first.open()
    expect(page.locator("#index-facts")).to_have_text("24 galaxies")
    expect(page.locator("#welcome")).to_contain_text("Which galaxies look like yours?")
    expect(page.locator("#welcome")).to_contain_text("images")
    page.locator(".first-galaxies button").first.click()
    expect(page.locator("#cards li").first).to_be_visible()
    assert "target_id=" in page.url


def test_the_first_load_is_small(visit) -> None:
    first = visit()
    sizes = []
    first.page.on("response", lambda response: sizes.append(len(response.body())))
    first.page.goto(first.address, wait_until="networkidle")
    assert 10_000 < sum(sizes) < 600_000


def test_a_search_shows_cards_and_can_be_sent_as_a_link(visit, demonstration) -> None:
    first = visit()
    page = first.open()
    page.fill("#text", demonstration.target_id)
    expect(page.locator("#text-kind")).to_have_text("TARGETID")
    page.fill("#k", str(K))
    page.press("#text", "Enter")
    expect(page.locator("#cards li")).to_have_count(K)
    card = page.locator("#cards li").first
    expect(card).to_contain_text("similarity")
    expect(card.locator(".thumbnail img")).to_have_js_property("complete", True)
    expect(card.locator("canvas")).to_have_attribute("aria-label", first.spectrum_label(0))
    expect(page.locator("#query")).to_contain_text(demonstration.target_id)
    other = visit()
    other.open(page.url.removeprefix(other.address))
    assert other.ids() == first.ids()
    expect(other.page.locator("#text")).to_have_value(demonstration.target_id)


def test_another_direction_is_another_search_and_back_returns(visit, search) -> None:
    first = visit()
    page = first.open(search)
    before = first.ids()
    page.locator("#among label", has_text="spectra").click()
    expect(page.locator("#result-title")).to_have_text(f"{K} most similar spectra")
    assert "among=spectrum" in page.url
    among_spectra = first.ids()
    page.go_back()
    expect(page.locator("#result-title")).to_have_text(f"{K} most similar images")
    assert first.ids() == before
    expect(page.locator("input[name=among][value=image]")).to_be_checked()
    page.go_forward()
    expect(page.locator("#result-title")).to_have_text(f"{K} most similar spectra")
    assert first.ids() == among_spectra


def test_a_search_can_go_on_from_a_neighbour(visit, search) -> None:
    first = visit()
    page = first.open(search)
    neighbour = first.ids()[1]
    page.get_by_role("button", name=f"Search from here: {neighbour}").click()
    expect(page.locator("#query .card-open")).to_have_text(neighbour)
    expect(page.locator("#text")).to_have_value(neighbour)


def test_a_file_of_ones_own_is_a_query(visit, cutout) -> None:
    first = visit()
    page = first.open()
    paths = page.evaluate("fetch('openapi.json').then((answer) => answer.json())")["paths"]
    if "/v1/query/upload" not in paths:
        pytest.skip("the service reads no files")
    page.set_input_files("#file", cutout)
    # The first file waits for the encoder to be loaded.
    expect(page.locator("#cards li").first).to_be_visible(timeout=4 * PATIENCE_MS)
    expect(page.locator("#query")).to_contain_text(f"Your image {cutout.name}")
    assert f"file={cutout.name}" in page.url
    found = first.ids()
    assert cutout.stem.removeprefix("cutout-") in found[:3]
    page.locator("#among label", has_text="spectra").click()
    expect(page.locator("#result-title")).to_contain_text("most similar spectra")
    page.go_back()
    expect(page.locator("#result-title")).to_contain_text("most similar images")
    assert first.ids() == found
    page.reload()
    expect(page.locator("#status")).to_have_text(
        f"This search needs your file {cutout.name}: drop it here again."
    )


def test_examples_and_counter_examples_refine_a_search(visit, search, demonstration) -> None:
    first = visit()
    page = first.open(search)
    liked, disliked = first.ids()[2], first.ids()[4]
    page.get_by_role("button", name=f"More like {liked}").click()
    page.get_by_role("button", name=f"Less like {disliked}").click()
    expect(page.locator("#examples .example")).to_have_count(3)
    page.get_by_role("button", name="Refine").click()
    expect(page.locator("#query")).to_have_text("Query" + "Galaxies like 2 galaxies and unlike 1.")
    assert f"unlike={disliked}" in page.url
    assert not {demonstration.target_id, liked, disliked} & set(first.ids())
    page.go_back()
    expect(page.locator("#query .card-open")).to_have_text(demonstration.target_id)


def test_filters_state_a_condition_that_the_address_holds(visit, search) -> None:
    first = visit()
    page = first.open(search)
    chip = page.locator(".chips button").first
    column, value = chip.get_attribute("data-key").split("=")
    chip.click()
    expect(page.locator("#where")).not_to_have_value("")
    least = page.get_by_label("Least z, exact")
    least.fill("0.05")
    least.press("Enter")
    expect(page.locator("#where")).to_have_value(f"z >= 0.05 and {column} == '{value}'")
    expect(page.locator("#cards")).not_to_have_attribute("aria-busy", "true")
    assert "where=" in page.url
    kept = page.evaluate("fetch('v1/query' + location.search).then((answer) => answer.json())")
    assert [row["target_id"] for row in kept["neighbours"]] == first.ids()
    assert all(row["z"] >= 0.05 and row[column] == value for row in kept["neighbours"])
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#where")).to_have_value("")
    expect(page.locator("#cards li")).to_have_count(K)


def test_the_service_says_what_is_wrong_with_a_condition(visit, search) -> None:
    page = visit().open(search)
    page.fill("#where", "zz > 1")
    page.press("#where", "Enter")
    answer = page.evaluate("fetch('v1/query' + location.search).then((answer) => answer.json())")
    expect(page.locator("#alert .message")).to_have_text(answer["message"])
    expect(page.locator("#alert .remedy")).to_have_text(answer["remedy"])
    assert "zz" in answer["message"]
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#alert")).to_be_hidden()


FIRST_BYTES = {
    "CSV": b"query_target_id,rank",
    "Parquet": b"PAR1",
    "VOTable": b"<?xml",
    "ECSV": b"# %ECSV",
    "FITS": b"SIMPLE  =",
    "JSON lines": b"{",
}


def test_results_can_be_downloaded_in_every_format(visit, search, tmp_path) -> None:
    page = visit(accept_downloads=True).open(search)
    page.locator("summary", has_text="Download").click()
    for title, first_bytes in FIRST_BYTES.items():
        with page.expect_download() as downloading:
            page.get_by_role("button", name=title, exact=True).click()
        downloading.value.save_as(tmp_path / title)
        assert (tmp_path / title).read_bytes().startswith(first_bytes), title
        expect(page.locator("#status")).to_have_text(
            f"{downloading.value.suggested_filename} was downloaded."
        )


def test_the_details_show_the_spectrum_with_that_of_the_query(visit, search, demonstration) -> None:
    first = visit()
    page = first.open(search)
    neighbour = first.ids()[0]
    page.locator("#cards .card-open").first.click()
    pane = page.locator("#detail")
    expect(pane.get_by_role("heading", name=neighbour)).to_be_focused()
    expect(pane.locator(".chart")).to_have_attribute(
        "aria-label", f"Spectrum of {neighbour} with that of query {demonstration.target_id}"
    )
    expect(pane.locator(".readout")).to_contain_text("at the same rest wavelengths")
    pane.get_by_role("button", name="observed").click()
    expect(pane.get_by_role("button", name="observed")).to_have_attribute("aria-pressed", "true")
    expect(pane.locator(".catalogue")).to_contain_text("mag_r")
    assert f"show={neighbour}" in page.url
    page.keyboard.press("Escape")
    expect(pane).to_be_hidden()
    expect(page.locator("#cards .card-open").first).to_be_focused()


def test_the_page_can_be_used_with_the_keyboard(visit, search) -> None:
    first = visit()
    page = first.open(search)
    page.locator("#results").focus()
    page.keyboard.press("/")
    expect(page.locator("#text")).to_be_focused()
    page.locator("#cards .card-open").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#cards .card-open").nth(1)).to_be_focused()
    page.keyboard.press("+")
    expect(page.locator("#cards li").nth(1)).to_have_attribute("data-mark", "like")
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#key-help")).to_be_visible()
    page.keyboard.press("Escape")
    third = first.ids()[2]
    page.locator("#cards .card-open").nth(2).focus()
    page.keyboard.press("s")
    expect(page.locator("#query .card-open")).to_have_text(third)


def test_light_and_dark_are_chosen_by_the_system_and_then_by_the_user(visit, search) -> None:
    first = visit(color_scheme="dark")
    page = first.open(search)
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("button", name="Change to light colours").click()
    light = page.evaluate(background)
    assert dark != light
    page.reload()
    expect(page.get_by_role("button", name="Change to dark colours")).to_be_visible()
    assert page.evaluate(background) == light


def test_a_telephone_shows_all_of_the_page_in_its_width(visit, search) -> None:
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True).open(search)
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) == 360
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#filters")).to_be_hidden()
    page.locator("#filter-panel > summary").click()
    expect(page.locator("#where")).to_be_visible()
    assert page.evaluate(width) == 360
    page.locator("#cards .card-open").first.click()
    expect(page.locator("#detail .chart")).to_be_visible()
    assert page.locator("#detail").bounding_box()["width"] == 360
    page.get_by_role("button", name="Close details").click()
    expect(page.locator("#detail")).to_be_hidden()


HOSTILE = '<img src=x onerror="window.attacked=1"><script>window.attacked=1</script>'


def hostile(value: Any) -> Any:
    """An answer with markup in every text but TARGETIDs and names of indexes."""
    if isinstance(value, dict):
        return {
            key: one if key in ("target_id", "using", "among", "type") else hostile(one)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [hostile(one) for one in value]
    return f"{value}{HOSTILE}" if isinstance(value, str) else value


def test_markup_in_data_is_shown_as_text(visit, search) -> None:
    first = visit()

    def spoil(route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps(hostile(answer.json())))

    first.page.route("**/v1/query*", spoil)
    first.page.route("**/v1/describe", spoil)
    page = first.open(search)
    page.locator("#cards .card-open").first.click()
    expect(page.locator("#cards .tag").first).to_contain_text("<img src=x")
    expect(page.locator("#detail .catalogue")).to_contain_text("<script>")
    assert page.locator("img[src=x], main script").count() == 0
    assert page.evaluate("window.attacked") is None


def test_a_service_with_a_token_asks_for_it_once(visit, search) -> None:
    first = visit()
    seen = []

    def guard(route) -> None:
        sent = route.request.headers.get("authorization")
        seen.append(sent)
        if sent != "Bearer secret-of-the-group":
            answer = {"code": "no-token", "message": "no token", "remedy": "", "request_id": "1"}
            route.fulfill(status=401, json=answer)
        else:
            route.continue_()

    first.page.route("**/v1/**", guard)
    page = first.page
    page.goto(first.address + search)
    page.fill("#token", "secret-of-the-group")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#cards li")).to_have_count(K)
    expect(page.locator("#cards .thumbnail img").first).to_have_js_property("complete", True)
    assert seen.count(None) == 1


def test_properties_of_the_query_galaxy_are_estimated_with_intervals(visit, search) -> None:
    first = visit()
    first.page.route("**/v1/estimate*", lambda route: route.fulfill(json=ESTIMATES))
    page = first.open(search)
    page.locator("summary", has_text="Estimate").click()
    page.fill("#estimate", "z, morphology")
    page.get_by_role("button", name="Estimate").click()
    rows = page.locator(".estimates tbody tr")
    expect(rows.nth(0)).to_contain_text("0.210")
    expect(rows.nth(0)).to_contain_text("0.200 to 0.250")
    expect(rows.nth(1)).to_contain_text("spiral or disk")
    expect(rows.nth(0)).not_to_contain_text("unreliable")
    expect(rows.nth(1)).to_contain_text("unreliable")
    assert "estimate=z" in page.url


ESTIMATES = {
    "estimates": [
        {
            "property": "z",
            "value": 0.21,
            "low_68": 0.2,
            "high_68": 0.25,
            "low_95": 0.1,
            "high_95": 0.4,
            "agreement": 0.8,
            "outside_bank": False,
            "unreliable": False,
        },
        {
            "property": "morphology",
            "value": "spiral",
            "set_95": "spiral|disk",
            "agreement": 0.2,
            "outside_bank": False,
            "unreliable": True,
        },
    ],
    "notes": ["z: 32 neighbours among 1,000 labelled galaxies"],
}
