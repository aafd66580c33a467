"""The gallery: one self-contained page with the query galaxy and every neighbour."""

import re
from pathlib import Path

import numpy as np
import pytest

import galsearch
from galsearch.core.errors import NoDatasetError, OutputFileExistsError
from galsearch.core.target_id import TargetId
from galsearch.render import write_gallery
from galsearch.render.gallery import _sky_link, compared
from galsearch.render.thumbnail import data_uri, thumbnail_png
from tests.render.html_tags import Tags

DIRECTIONS = galsearch.DIRECTIONS


@pytest.fixture(scope="module")
def page(demonstration, tmp_path_factory: pytest.TempPathFactory) -> str:
    engine = galsearch.open_index(demonstration.home / "index_builds" / "demo")
    results = [
        engine.query(demonstration.target_id, using=using, among=among, k=3)
        for using, among in DIRECTIONS
    ]
    dataset = demonstration.home / "demo" / "dataset"
    path = tmp_path_factory.mktemp("page") / "page.html"
    written = write_gallery(path, results, engine=engine, dataset=dataset)
    return written.read_text("utf-8")


def test_the_page_nests_and_fetches_nothing(page: str) -> None:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert len(tags.fetched) == 1 + 4 * 3
    assert all(url.startswith("data:image/png;base64,") for url in tags.fetched)
    assert "@import" not in page
    assert "url(" not in page


def test_the_query_galaxy_leads_and_every_neighbour_follows(page: str, demonstration) -> None:
    tags = Tags()
    tags.feed(page)
    engine = galsearch.open_index(demonstration.home / "index_builds" / "demo")
    expected = [demonstration.target_id]
    for using, among in DIRECTIONS:
        result = engine.query(demonstration.target_id, using=using, among=among, k=3)
        expected += [str(found) for found in result.target_ids.tolist()]
        for value in result.similarity.tolist():
            assert f"{value:.4f}" in page
    assert [alt.removeprefix("image of ") for alt in tags.alts] == expected


def test_spectra_have_axes_in_angstrom(page: str) -> None:
    assert page.count("<svg") == 13
    assert page.count("Angstrom") + page.count("Å") >= 13


def test_a_simulated_galaxy_has_no_link_to_the_sky(page: str) -> None:
    assert "legacysurvey.org/viewer?ra=" not in page
    assert page.count("simulated") == 13


def test_a_page_without_pixels_is_not_written(demonstration, tmp_path: Path) -> None:
    engine = galsearch.open_index(demonstration.home / "index_builds" / "demo")
    result = engine.query(demonstration.target_id, k=1)
    with pytest.raises(NoDatasetError, match="the images and spectra of galaxies cannot be read: "):
        write_gallery(tmp_path / "page.html", [result], engine=engine, dataset=tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_a_card_are_those_of_the_catalogue(page: str, demonstration) -> None:
    catalogue = galsearch.open_dataset(demonstration.home / "demo" / "dataset").catalogue
    row = catalogue["target_id"].to_pylist().index(int(demonstration.target_id))
    first = page[: page.index("<h2")]
    assert f"{catalogue['z'][row].as_py():.5f}" in first
    assert f"{catalogue['ra_deg'][row].as_py():.5f}°" in first
    assert re.search(r"<dt>TARGETID</dt><dd[^>]*>" + demonstration.target_id, first)


def test_a_gallery_replaces_a_file_only_where_it_may(demonstration, tmp_path: Path) -> None:
    engine = galsearch.open_index(demonstration.home / "index_builds" / "demo")
    page = tmp_path / "page.html"
    page.write_text("mine")
    result = engine.query(demonstration.target_id, using="image", among="image", k=1)
    dataset = demonstration.home / "demo" / "dataset"
    with pytest.raises(OutputFileExistsError) as caught:
        write_gallery(page, [result], engine=engine, dataset=dataset)
    assert str(caught.value).startswith(f"{page}: the file exists already.")
    assert page.read_text() == "mine"
    write_gallery(page, [result], engine=engine, dataset=dataset, overwrite=True)
    assert "<html" in page.read_text()


def test_both_modalities_and_other_queries_are_named_in_words(demonstration) -> None:
    engine = galsearch.open_index(demonstration.home / "index_builds" / "demo")
    both = engine.query(demonstration.target_id, using="both", among="both", k=1)
    assert compared(both) == "its image and spectrum compared with images and spectra"
    examples = engine.query(like=[demonstration.target_id], among="spectrum", k=1)
    assert compared(examples) == "the query's image compared with spectra"


def test_an_image_of_ones_own_leads(demonstration, tmp_path: Path) -> None:
    engine = galsearch.open_index(demonstration.home / "index_builds" / "demo")
    dataset = demonstration.home / "demo" / "dataset"
    flux = galsearch.open_dataset(dataset).read([int(demonstration.target_id)]).image_flux[0]
    result = engine.query(image=flux, pixel_scale=0.262, among="spectrum", k=2)
    page = write_gallery(tmp_path / "a.html", [result], engine=engine, dataset=dataset).read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.alts == [
        "image of your galaxy",
        *(f"image of {found}" for found in result.target_ids),
    ]
    assert "<h1>Galaxies like yours</h1>" in page
    assert "your image compared with spectra: the 2 most similar" in page
    assert "nan" not in page[: page.index("<h2")]
    shown = thumbnail_png(flux, ~np.isfinite(flux))
    assert data_uri(shown) == tags.fetched[0]


def test_a_real_galaxy_without_a_position_has_no_link_and_is_not_called_simulated() -> None:
    real = TargetId(39627848784286003)
    assert _sky_link(real, np.nan, np.nan) is None
    assert "viewer?ra=150.1" in str(_sky_link(real, 150.1, 2.2))
