"""The picture of a gallery has a card for each galaxy, with its image, numbers and spectrum."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

import galsearch
from galsearch.render import gallery, gallery_picture, write_gallery
from galsearch.render.gallery_picture import GallerySection, gallery_png


@pytest.fixture
def galaxies(demonstration):
    dataset = galsearch.open_dataset(demonstration.home / "demo" / "dataset")
    return dataset.read(dataset.catalogue["target_id"].to_numpy()[:6])


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are drawn."""
    found: list[str] = []
    draw = ImageDraw.ImageDraw.text

    def text(self: ImageDraw.ImageDraw, place, words: str, *rest, **options) -> None:
        found.append(words)
        draw(self, place, words, *rest, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return found


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_every_galaxy_has_a_card_with_its_numbers(galaxies, written: list[str]) -> None:
    similarity = np.linspace(0.9, 0.4, 6, dtype=np.float32)
    sections = [
        GallerySection("", galaxies.take(slice(0, 1)), None),
        GallerySection("six", galaxies, similarity),
    ]
    picture = opened(gallery_png(sections, "Galaxies like this"))
    assert picture.width == 5 * 400 + 20
    assert written[:1] == ["Galaxies like this"]
    assert written.count("query galaxy") == 1
    for rank, target_id in enumerate(galaxies.target_ids, 1):
        assert f"TARGETID {target_id}" in written
        assert f"{rank}   similarity {similarity[rank - 1]:.4f}" in written
    # One row of cards for the query, two for six galaxies.
    one = opened(gallery_png(sections[:1], "a")).height
    two = opened(gallery_png([GallerySection("", galaxies, similarity)], "a")).height
    assert two - one == gallery_picture._CARD_HEIGHT
    assert np.asarray(picture).std() > 10


def test_a_missing_image_spectrum_and_redshift_are_said(galaxies, written: list[str]) -> None:
    nothing = dataclasses.replace(
        galaxies,
        has_image=np.zeros(6, bool),
        has_spectrum=np.zeros(6, bool),
        z=np.full(6, np.nan),
    )
    gallery_png([GallerySection("", nothing, np.zeros(6, np.float32))], "a")
    assert written.count("no image") == written.count("no spectrum") == 6
    assert sum(words.startswith("z unknown") for words in written) == 6
    unmeasured = dataclasses.replace(galaxies, spectrum_ivar=np.zeros_like(galaxies.spectrum_ivar))
    gallery_png([GallerySection("", unmeasured, None)], "a")


def test_a_galaxy_without_an_id_and_a_position_is_yours(galaxies, written: list[str]) -> None:
    one = galaxies.take(slice(0, 1))
    nowhere = np.array([np.nan])
    own = dataclasses.replace(
        one, target_ids=np.array([0]), z=nowhere, ra_deg=nowhere, dec_deg=nowhere
    )
    gallery_png([GallerySection("", own, None)], "a")
    assert written[2:6] == ["", "query galaxy", "your galaxy", "z unknown"]


def test_a_name_that_ends_with_png_is_a_picture(
    demonstration, tmp_path, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "MOST_CARDS", 2)
    engine = galsearch.open_index(demonstration.home / "index_builds" / "demo")
    found = engine.query(demonstration.target_id, among="spectrum", k=3)
    dataset = demonstration.home / "demo" / "dataset"
    path = write_gallery(tmp_path / "a.PNG", [found], engine=engine, dataset=dataset)
    assert opened(path.read_bytes()).format == "PNG"
    assert "its image compared with spectra: the 2 of 3 most similar" in written
    assert f"TARGETID {demonstration.target_id}" in written
    assert f"TARGETID {found.target_ids[2]}" not in written
