"""A picture of a query galaxy and its neighbours: a card for each, with its image and spectrum."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from galsearch.core.arrays import Float32Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.dataset import GalaxyBatch
from galsearch.render.spectrum_plot import bin_spectrum
from galsearch.render.thumbnail import thumbnail_png

INK, DIM, LINE, ACCENT = "#1b1b1f", "#6b6b76", "#d9d9e0", "#2f6f9f"
"""Colours of text and curves, of secondary text, of frames, and of the query galaxy."""
N_COLUMNS = 5
MOST_CARDS = 60
"""Largest number of galaxies of one result in a picture."""
_IMAGE, _SPECTRUM, _MARGIN = 380, 130, 20
"""Sides of an image, height of a spectrum and space between cards, in pixels."""
_TEXT, _SMALL, _TITLE = 22, 19, 32
"""Heights of letters in pixels."""
_CARD_WIDTH = _IMAGE + _MARGIN
_CARD_HEIGHT = _IMAGE + 3 * (_TEXT + 8) + _SPECTRUM + _SMALL + 3 * _MARGIN
_N_BINS = 380
_TICKS_ANGSTROM = (4000, 6000, 8000)
_LEGEND = (
    "Images: g, r, z, north up, east left, 40 arcsec wide. Spectra: flux over 3600 to 9824 "
    "Angstrom. Similarity: cosine of the embeddings."
)


@dataclass(frozen=True, eq=False)
class GallerySection:
    """Galaxies that stand below one title."""

    title: str
    galaxies: GalaxyBatch
    similarity: Float32Array | None
    """(n,) similarities; None for the query galaxy."""


def gallery_png(sections: Sequence[GallerySection], title: str) -> bytes:
    """The bytes of a PNG picture with a row of cards or more for each section.

    Parameters
    ----------
    sections
        The galaxies.
    title
        Text above the picture.
    """
    heights = [_TITLE + _MARGIN + _n_rows(section) * _CARD_HEIGHT for section in sections]
    head = 2 * _TITLE + 2 * _MARGIN + _SMALL
    size = (N_COLUMNS * _CARD_WIDTH + _MARGIN, head + sum(heights) + _MARGIN)
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    draw.text((_MARGIN, _MARGIN), title, INK, _font(_TITLE))
    draw.text((_MARGIN, 2 * _MARGIN + _TITLE), _LEGEND, DIM, _font(_SMALL))
    top = head
    for section, height in zip(sections, heights, strict=True):
        draw.text((_MARGIN, top), section.title, INK, _font(_TEXT + 4))
        for row, (x, y) in zip(range(len(section.galaxies)), _places(), strict=False):
            _draw_card(picture, section, row, (x, top + _TITLE + _MARGIN + y))
        top += height
    sink = io.BytesIO()
    picture.save(sink, format="PNG")
    return sink.getvalue()


def _n_rows(section: GallerySection) -> int:
    return -(-len(section.galaxies) // N_COLUMNS)


def _places() -> Iterator[tuple[int, int]]:
    """Upper left corners of cards, row by row, without end."""
    number = 0
    while True:
        row, column = divmod(number, N_COLUMNS)
        yield _MARGIN + column * _CARD_WIDTH, row * _CARD_HEIGHT
        number += 1


def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=height)


def _draw_card(
    picture: Image.Image, section: GallerySection, row: int, corner: tuple[int, int]
) -> None:
    """Draw one galaxy: its image, its numbers and its spectrum."""
    draw, galaxies = ImageDraw.Draw(picture), section.galaxies
    x, y = corner
    if galaxies.has_image[row]:
        flux, mask = galaxies.image_flux[row], galaxies.image_mask[row]
        thumbnail = thumbnail_png(flux, mask, size_pixels=_IMAGE)
        picture.paste(Image.open(io.BytesIO(thumbnail)), corner)
    else:
        draw.text((x + _IMAGE / 2, y + _IMAGE / 2), "no image", DIM, _font(_TEXT), anchor="mm")
    is_query = section.similarity is None
    frame = (x - 1, y - 1, x + _IMAGE, y + _IMAGE)
    draw.rectangle(frame, outline=ACCENT if is_query else LINE, width=4 if is_query else 1)
    y += _IMAGE + 8
    for text, colour, height in _captions(section, row):
        draw.text((x, y), text, colour, _font(height))
        y += _TEXT + 8
    if galaxies.has_spectrum[row]:
        _draw_spectrum(draw, galaxies, row, (x, y))
    else:
        draw.text((x, y + _SPECTRUM / 2), "no spectrum", DIM, _font(_TEXT), anchor="lm")


def _captions(section: GallerySection, row: int) -> Iterator[tuple[str, str, int]]:
    """Lines of text below an image, with their colours and heights."""
    galaxies, similarity = section.galaxies, section.similarity
    z = float(galaxies.z[row])
    known = f"z = {z:.4f}" if np.isfinite(z) else "z unknown"
    if similarity is None:
        yield "query galaxy", ACCENT, _TEXT
    else:
        yield f"{row + 1}   similarity {similarity[row]:.4f}", INK, _TEXT
    target_id, ra_deg = int(galaxies.target_ids[row]), float(galaxies.ra_deg[row])
    yield f"TARGETID {target_id}" if target_id else "your galaxy", INK, _TEXT
    place = f"   RA {ra_deg:.4f}  Dec {galaxies.dec_deg[row]:+.4f}" if np.isfinite(ra_deg) else ""
    yield f"{known}{place}", DIM, _SMALL


def _draw_spectrum(
    draw: ImageDraw.ImageDraw, galaxies: GalaxyBatch, row: int, corner: tuple[int, int]
) -> None:
    """Draw the mean flux in bins, from the least to the largest but for 1 per cent of the bins."""
    x, y = corner
    ends = DESI_WAVELENGTH_ANGSTROM[[0, -1]]
    centre, mean, _ = bin_spectrum(
        galaxies.spectrum_flux[row], galaxies.spectrum_ivar[row], _N_BINS
    )
    seen = np.isfinite(mean)
    across = x + (centre - ends[0]) / (ends[1] - ends[0]) * _IMAGE
    draw.line((x, y + _SPECTRUM, x + _IMAGE, y + _SPECTRUM), LINE)
    for tick in _TICKS_ANGSTROM:
        place = x + (tick - ends[0]) / (ends[1] - ends[0]) * _IMAGE
        draw.line((place, y + _SPECTRUM, place, y + _SPECTRUM + 5), LINE)
        draw.text((place, y + _SPECTRUM + 7), f"{tick}", DIM, _font(_SMALL), anchor="mt")
    if not seen.any():
        return
    low, high = np.percentile(mean[seen], [0.5, 99.5])
    share = np.clip((mean - low) / max(high - low, 1e-30), 0, 1)
    down = y + _SPECTRUM - share * (_SPECTRUM - 4)
    # A bin without a measured pixel leaves a gap.
    for run in np.split(np.arange(len(mean)), np.flatnonzero(np.diff(seen)) + 1):
        if seen[run[0]] and len(run) > 1:
            draw.line([(across[i], down[i]) for i in run], INK, width=2)
