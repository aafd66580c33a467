"""Results as HTML for notebooks: a table with thumbnails and spectra, for light and dark pages.

Text and lines have the colour of the page's own text, so that they can be read on any background.
"""

import html
from pathlib import Path

import numpy as np

from galsearch.core.errors import GalsearchError
from galsearch.dataset import GalaxyBatch, open_dataset
from galsearch.formats.sky_links import image_link, spectrum_link
from galsearch.render.displayed_result import DisplayedBatch, DisplayedResult
from galsearch.render.spectrum_plot import spectrum_svg
from galsearch.render.thumbnail import data_uri, thumbnail_png

SHOWN_ROWS = 10
"""Neighbours that are shown with their image and spectrum; of the others the number is stated."""
_NEAREST = 3
"""Neighbours that are shown for each query of a batch."""

_STYLE = """
.gs-result { font: 13px/1.4 system-ui, sans-serif; color: inherit; }
.gs-result p { margin: 4px 0 8px; }
.gs-result .gs-dim { opacity: .65; }
.gs-result table { border-collapse: collapse; margin: 0; color: inherit; font-size: inherit; }
.gs-result th, .gs-result td { padding: 4px 12px 4px 0; text-align: right; vertical-align: middle;
  background: none; border: 0; border-bottom: 1px solid color-mix(in srgb, currentColor 18%,
  transparent); font-variant-numeric: tabular-nums; white-space: nowrap; }
.gs-result th { font-weight: 600; }
.gs-result td.gs-left, .gs-result th.gs-left { text-align: left; }
.gs-result tr, .gs-result tr:nth-child(even), .gs-result tr:hover { background: none; }
.gs-result img { width: 88px; height: 88px; border-radius: 4px; display: block; margin: 0; }
.gs-result .gs-blank { width: 86px; height: 86px; border-radius: 4px; display: grid;
  place-items: center; opacity: .6; border: 1px dashed currentColor; }
.gs-result svg { width: 300px; height: auto; display: block; }
.gs-result .flux { fill: none; stroke: currentColor; stroke-width: 1.2; stroke-linejoin: round; }
.gs-result .grid, .gs-result .tick { stroke: currentColor; stroke-opacity: .18; }
.gs-result .axis { stroke: currentColor; stroke-opacity: .5; }
.gs-result svg text { fill: currentColor; fill-opacity: .7; font: 11px system-ui, sans-serif;
  text-anchor: middle; }
.gs-result svg text.y { text-anchor: end; } .gs-result svg text.title { display: none; }
.gs-result svg text.mark { fill: #3d8fd6; fill-opacity: 1; }
.gs-result svg line.mark { stroke: #3d8fd6; stroke-opacity: .5; stroke-dasharray: 2 3; }
.gs-result a { color: #3d8fd6; text-decoration: none; }
"""


def neighbours_html(result: DisplayedResult, *, dataset: str | Path | None) -> str:
    """The neighbours of one query as an HTML table.

    Parameters
    ----------
    result
        The neighbours.
    dataset
        Dataset with their images and spectra. Where there is none, or it cannot be read, the table
        has no pictures and says why.
    """
    n = min(len(result), SHOWN_ROWS)
    pixels, remark = _pixels(result, n, dataset)
    titles = ["", "TARGETID", "similarity", "z", "RA (deg)", "Dec (deg)", ""]
    titles += ["image", "spectrum"] if pixels is not None else []
    rows = [_row(result, i, pixels) for i in range(n)]
    more = f"<p class=gs-dim>and {len(result) - n:,} more</p>" if len(result) > n else ""
    note = f"<p class=gs-dim>{html.escape(remark)}</p>" if remark else ""
    return _page(_caption(result), _table(titles, rows) + more + note)


def batch_html(batch: DisplayedBatch) -> str:
    """The neighbours of many queries as an HTML table, one line for each query."""
    ids = batch.query_target_ids
    n = min(len(batch), SHOWN_ROWS)
    rows = []
    for i in range(n):
        found = batch.target_ids[i][batch.target_ids[i] > 0]
        nearest = zip(found[:_NEAREST], batch.similarity[i], strict=False)
        shown = ", ".join(f"{target_id} ({cosine:.3f})" for target_id, cosine in nearest)
        more = ", ..." if len(found) > _NEAREST else ""
        query = "a vector" if ids is None else str(ids[i])
        rows.append([query, f"{len(found):,}", f"<span class=gs-dim>{shown}{more}</span>"])
    caption = (
        f"<b>{len(batch):,} queries</b>, {html.escape(str(batch.using))} among "
        f"{html.escape(_plural(batch.among))}"
    )
    more = f"<p class=gs-dim>and {len(batch) - n:,} more queries</p>" if len(batch) > n else ""
    return _page(caption, _table(["query", "neighbours", "nearest"], rows) + more)


def _page(caption: str, content: str) -> str:
    return f'<div class="gs-result"><style>{_STYLE}</style><p>{caption}</p>{content}</div>'


def _caption(result: DisplayedResult) -> str:
    query = "a query of one's own"
    if result.query_target_id is not None:
        query = f"TARGETID {result.query_target_id}"
    text = f"{_plural(result.among)} most similar to the {result.using} of {query}"
    return f"<b>{len(result):,} neighbours</b>, {html.escape(text)}"


def _plural(modality: object) -> str:
    return {"image": "images", "spectrum": "spectra"}.get(str(modality), str(modality))


def _pixels(
    result: DisplayedResult, n: int, dataset: str | Path | None
) -> tuple[GalaxyBatch | None, str]:
    """Images and spectra of the first `n` neighbours, or the reason why there are none."""
    if dataset is None or not n:
        return None, ""
    try:
        return open_dataset(dataset).read(result.target_ids[:n]), ""
    except (GalsearchError, OSError) as error:
        return None, f"No images and spectra: {error}"


def _row(result: DisplayedResult, i: int, pixels: GalaxyBatch | None) -> list[str]:
    target_id, z = int(result.target_ids[i]), float(result.z[i])
    ra_deg, dec_deg = float(result.ra_deg[i]), float(result.dec_deg[i])
    links = {"sky": image_link(target_id, ra_deg, dec_deg), "spectrum": spectrum_link(target_id)}
    cells = [
        f"<span class=gs-dim>{i + 1}</span>",
        str(target_id),
        f"<b>{result.similarity[i]:.4f}</b>",
        _number(z, ".4f"),
        _number(ra_deg, ".5f"),
        _number(dec_deg, "+.5f"),
        " ".join(
            f'<a href="{html.escape(link)}">{name}</a>' for name, link in links.items() if link
        ),
    ]
    return cells if pixels is None else [*cells, _image(pixels, i), _spectrum(pixels, i, z)]


def _number(value: float, form: str) -> str:
    return f"{value:{form}}" if np.isfinite(value) else "<span class=gs-dim>unknown</span>"


def _image(pixels: GalaxyBatch, row: int) -> str:
    if not pixels.has_image[row]:
        return '<div class="gs-blank">no image</div>'
    png = thumbnail_png(pixels.image_flux[row], pixels.image_mask[row])
    return f'<img alt="image of {pixels.target_ids[row]}" src="{data_uri(png)}">'


def _spectrum(pixels: GalaxyBatch, row: int, z: float) -> str:
    if not pixels.has_spectrum[row]:
        return "<span class=gs-dim>no spectrum</span>"
    return spectrum_svg(pixels.spectrum_flux[row], pixels.spectrum_ivar[row], z=z)


def _table(titles: list[str], rows: list[list[str]]) -> str:
    """An HTML table; the cells are HTML already."""
    left = {"nearest", "image", "spectrum"}
    kinds = [' class="gs-left"' if title in left else "" for title in titles]
    head = "".join(f"<th{kind}>{title}</th>" for kind, title in zip(kinds, titles, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{k}>{cell}</td>' for k, cell in zip(kinds, row, strict=True))}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
