"""A page or a picture of a query galaxy and its neighbours in each direction."""

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from galsearch.core.errors import DatasetError, NoDatasetError
from galsearch.core.target_id import TargetId, is_mock_id
from galsearch.dataset import Dataset, GalaxyBatch, open_dataset
from galsearch.embeddings import open_store
from galsearch.files.atomic import write_bytes, write_text
from galsearch.files.staged.exchange import rename_to_free_name
from galsearch.formats.sky_links import image_link
from galsearch.formats.table_files import require_writable
from galsearch.render.displayed_result import DisplayedIndex, DisplayedResult
from galsearch.render.gallery_picture import MOST_CARDS, GallerySection, gallery_png
from galsearch.render.spectrum_plot import spectrum_svg
from galsearch.render.thumbnail import data_uri, thumbnail_png

_ONE = {"image": "image", "spectrum": "spectrum", "both": "image and spectrum"}
_MANY = {"image": "images", "spectrum": "spectra", "both": "images and spectra"}
"""The modalities of a query, and of the galaxies that were searched, in words."""
STYLE = """
:root { color-scheme: dark; --ink: #e8e8ee; --dim: #9a9aab; --line: #2c2c3a; --card: #181822;
  --accent: #7fc4ff; }
body { margin: 0 auto; max-width: 1500px; padding: 24px; background: #101016; color: var(--ink);
  font: 14px/1.45 system-ui, sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 34px 0 10px; }
h2 small { color: var(--dim); font-weight: normal; margin-left: 8px; }
p { color: var(--dim); margin: 4px 0 16px; max-width: 80ch; }
.cards { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(460px, 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px; }
.card.query { border-color: var(--accent); }
.card header { display: flex; gap: 12px; }
.card img, .card .blank { width: 152px; height: 152px; border-radius: 4px; flex: none; }
.card .blank { display: grid; place-items: center; color: var(--dim);
  border: 1px dashed var(--line); }
dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 10px; margin: 0;
  align-content: start; }
dt { color: var(--dim); } dd { margin: 0; font-variant-numeric: tabular-nums; }
dd.similarity { color: var(--accent); font-weight: 600; }
a { color: var(--accent); } svg { width: 100%; height: auto; margin-top: 8px; display: block; }
.flux { fill: none; stroke: #d6d6e4; stroke-width: 1; stroke-linejoin: round; }
.grid, .tick { stroke: #2c2c3a; } .axis { stroke: #6a6a7c; }
svg text { fill: #9a9aab; font: 9px system-ui, sans-serif; text-anchor: middle; }
svg text.y { text-anchor: end; } svg text.mark { fill: #7fc4ff; } svg line.mark
{ stroke: #7fc4ff; stroke-opacity: .35; stroke-dasharray: 2 3; } svg text.title { fill: #b9b9c8; }
"""


def write_gallery(
    path: str | Path,
    neighbours: Sequence[DisplayedResult],
    *,
    engine: DisplayedIndex,
    dataset: str | Path | None = None,
    from_embeddings: str | Path | None = None,
    overwrite: bool = False,
) -> Path:
    """Write an HTML page or a PNG picture of thumbnails and spectra, and return its path.

    The page needs no other file and no network. The query galaxy is first, also where it is an
    image or a spectrum of one's own. A picture shows at most 60 neighbours of a result.

    Parameters
    ----------
    path
        The page to write, or the picture where its name ends with `.png`.
    neighbours
        One or more results of `engine` for one query galaxy; each becomes a section.
    dataset
        Dataset with the neighbours' images and spectra; default: the one that the index was
        made from.
    from_embeddings
        Embeddings that hold the query galaxy, if the index does not; its image and spectrum are
        read from the dataset that they were made from.
    overwrite
        Replace the file.

    Raises
    ------
    OutputFileExistsError
        Where the file exists, or a directory is there.
    NoDatasetError
        Where the dataset is not known, or not where it was when the index was made.
    UnknownTargetError
        Where a neighbour is not in the dataset.
    """
    path = Path(path)
    require_writable(path, overwrite=overwrite)
    rename = Path.replace if overwrite else rename_to_free_name
    pixels = open_pixels(dataset or engine.manifest.dataset)
    query_id = neighbours[0].query_target_id
    query = neighbours[0].query_galaxy
    if query is None and query_id is not None:
        own = pixels
        if from_embeddings is not None:
            own = open_pixels(open_store(from_embeddings, neighbours[0].using).dataset)
        query = own.read([query_id])
    unnamed = "your query" if query is None else "yours"
    title = f"Galaxies like {unnamed if query_id is None else query_id}"
    if path.suffix.lower() == ".png":
        content = _picture(title, query, neighbours, pixels)
        write_bytes(path, content, rename=rename)
    else:
        cards = [] if query is None else [f'<div class="cards">{_card(query, 0, None)}</div>']
        cards += [_section(result, pixels) for result in neighbours]
        write_text(path, _page(title, "".join(cards)), rename=rename)
    return path


def _picture(
    title: str, query: GalaxyBatch | None, neighbours: Sequence[DisplayedResult], pixels: Dataset
) -> bytes:
    """The PNG picture of the query galaxy, if it is known, and of the first neighbours."""
    sections = [] if query is None else [GallerySection("", query, None)]
    for result in neighbours:
        n = min(len(result), MOST_CARDS)
        more = f" of {len(result):,}" if n < len(result) else ""
        name = f"{compared(result)}: the {n}{more} most similar"
        batch = pixels.read(result.target_ids[:n])
        sections.append(GallerySection(name, batch, result.similarity[:n]))
    return gallery_png(sections, title)


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>"
        "<p>Similarity is the cosine between embeddings: 1 for identical ones, 0 for unrelated "
        "ones. Images: g, r, z in the colours of the Legacy Surveys viewer, north up, east left, "
        "40 arcsec wide. Spectra: inverse-variance means of 20 pixels.</p>"
        f"{body}</body></html>\n"
    )


def open_pixels(path: str | Path | None) -> Dataset:
    """The dataset whose images and spectra are shown.

    Raises
    ------
    NoDatasetError
        Where `path` is None or empty, or no dataset is there.
    """
    if not path:
        raise NoDatasetError("the index does not record which dataset its galaxies came from.")
    try:
        return open_dataset(path)
    except DatasetError as error:
        raise NoDatasetError(
            f"the images and spectra of galaxies cannot be read: {error}", path=path
        ) from None


def compared(result: DisplayedResult) -> str:
    """The query of a result and the vectors that were searched, in words."""
    owner = "its" if result.query_target_id is not None else "the query's"
    if result.query_galaxy is not None:
        owner = "your"
    return f"{owner} {_ONE[result.using]} compared with {_MANY[result.among]}"


def _section(result: DisplayedResult, dataset: Dataset) -> str:
    head = (
        f"<h2>{result.using} → {result.among}"
        f"<small>{compared(result)}: the {len(result)} most similar</small></h2>"
    )
    if not len(result):
        return f"{head}<p>No other galaxy of the index has one.</p>"
    batch = dataset.read(result.target_ids)
    cards = [_card(batch, i, float(result.similarity[i])) for i in range(len(result))]
    return f'{head}<div class="cards">{"".join(cards)}</div>'


def _card(batch: GalaxyBatch, row: int, similarity: float | None) -> str:
    is_known = int(batch.target_ids[row]) > 0
    target_id = TargetId(batch.target_ids[row]) if is_known else None
    name = str(target_id) if is_known else "your galaxy"
    z = float(batch.z[row])
    facts = [("TARGETID" if is_known else "", html.escape(name), "")]
    if similarity is not None:
        facts.append(("similarity", f"{similarity:.4f}", "similarity"))
    facts.append(("z", f"{z:.5f}" if np.isfinite(z) else "unknown", ""))
    if np.isfinite(batch.ra_deg[row]):
        facts.append(("RA", f"{batch.ra_deg[row]:.5f}°", ""))
        facts.append(("Dec", f"{batch.dec_deg[row]:+.5f}°", ""))
    if target_id is not None:
        place = _sky_link(target_id, batch.ra_deg[row], batch.dec_deg[row])
        facts += [] if place is None else [("", place, "")]
    rows = "".join(f'<dt>{term}</dt><dd class="{kind}">{value}</dd>' for term, value, kind in facts)
    picture = '<div class="blank">no image</div>'
    if batch.has_image[row]:
        png = thumbnail_png(batch.image_flux[row], batch.image_mask[row])
        picture = f'<img alt="image of {name}" src="{data_uri(png)}">'
    spectrum = "<p>no spectrum</p>"
    if batch.has_spectrum[row]:
        spectrum = spectrum_svg(batch.spectrum_flux[row], batch.spectrum_ivar[row], z=z)
    kind = "card query" if similarity is None else "card"
    return f'<div class="{kind}"><header>{picture}<dl>{rows}</dl></header>{spectrum}</div>'


def _sky_link(target_id: TargetId, ra_deg: float, dec_deg: float) -> str | None:
    """HTML link to a galaxy in the Legacy Surveys viewer; "simulated" for a mock galaxy, and None
    for one without a position.
    """
    if is_mock_id(target_id):
        return "simulated"
    url = image_link(target_id, float(ra_deg), float(dec_deg))
    return None if url is None else f'<a href="{html.escape(url)}">Legacy Surveys viewer</a>'
