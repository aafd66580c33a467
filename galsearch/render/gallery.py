"""One self-contained HTML page: the asking galaxy and its neighbours, direction by direction."""

import html
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from galsearch.core.errors import DatasetError
from galsearch.core.target_id import TargetId, decode_target_id, is_position_id
from galsearch.dataset import Dataset, GalaxyBatch, open_dataset
from galsearch.embeddings import open_store
from galsearch.query import Neighbours, SearchEngine
from galsearch.render.spectrum_plot import spectrum_svg
from galsearch.render.thumbnail import data_uri, thumbnail_png

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
.card.asking { border-color: var(--accent); }
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
    answers: Sequence[Neighbours],
    *,
    engine: SearchEngine,
    dataset: str | Path | None = None,
    asking: str | Path | None = None,
) -> Path:
    """Write the page and return its path. It needs no other file and no network.

    Parameters
    ----------
    path
        Where the page goes; written to a temporary name, then renamed.
    answers
        One or more answers of `engine` to one galaxy's questions; each becomes a section.
    dataset
        Holds the neighbours' pixels; by default the dataset that the index was made from.
    asking
        Embeddings that hold the asking galaxy, where it asked from outside the index; their
        dataset holds its pixels.

    Raises
    ------
    DatasetError
        Where the pixels are not where they were when the index was made.
    UnknownTargetError
        Where a galaxy of an answer is not in the dataset.
    """
    path = Path(path)
    pixels = _open_pixels(dataset or engine.manifest.dataset)
    asking_id = answers[0].query_target_id
    sections = []
    if asking_id is not None:
        own = pixels
        if asking is not None:
            own = _open_pixels(open_store(asking, answers[0].using).dataset)
        sections.append(f'<div class="cards">{_card(own.read([asking_id]), 0, None)}</div>')
    sections += [_section(answer, pixels) for answer in answers]
    title = f"Galaxies like {asking_id}" if asking_id is not None else "Galaxies like yours"
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>"
        "<p>Similarity is the cosine between embeddings: 1 is alike, 0 is unrelated. Images: "
        "g, r, z in the Legacy Surveys viewer's colours, north up, east left, 40 arcsec wide. "
        "Spectra: inverse-variance means of 20 pixels.</p>"
        f"{''.join(sections)}</body></html>\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
    return path


def _open_pixels(path: str | Path | None) -> Dataset:
    """The dataset at `path`, or an error that says how to name it."""
    if path is None:
        raise DatasetError(
            "the index does not know which dataset its galaxies came from; name it with --dataset."
        )
    try:
        return open_dataset(path)
    except DatasetError as error:
        raise DatasetError(
            f"the page needs the galaxies' pixels: {error} If the dataset has moved, name it with "
            "--dataset."
        ) from None


def _section(answer: Neighbours, dataset: Dataset) -> str:
    head = (
        f"<h2>{answer.using} → {answer.among}"
        f"<small>asked with its {answer.using}, among {len(answer)} nearest "
        f"{'images' if answer.among == 'image' else 'spectra'}</small></h2>"
    )
    if not len(answer):
        return f"{head}<p>No other galaxy has one.</p>"
    batch = dataset.read(answer.target_ids)
    cards = [_card(batch, i, float(answer.similarity[i])) for i in range(len(answer))]
    return f'{head}<div class="cards">{"".join(cards)}</div>'


def _card(batch: GalaxyBatch, row: int, similarity: float | None) -> str:
    target_id = TargetId(batch.target_ids[row])
    z = float(batch.z[row])
    facts = [("TARGETID", html.escape(str(target_id)), "")]
    if similarity is not None:
        facts.append(("similarity", f"{similarity:.4f}", "similarity"))
    facts.append(("z", f"{z:.5f}" if np.isfinite(z) else "unknown", ""))
    facts.append(("RA", f"{batch.ra_deg[row]:.5f}°", ""))
    facts.append(("Dec", f"{batch.dec_deg[row]:+.5f}°", ""))
    facts.append(("", _sky_link(target_id, batch.ra_deg[row], batch.dec_deg[row]), ""))
    rows = "".join(f'<dt>{name}</dt><dd class="{kind}">{value}</dd>' for name, value, kind in facts)
    picture = '<div class="blank">no image</div>'
    if batch.has_image[row]:
        png = thumbnail_png(batch.image_flux[row], batch.image_mask[row])
        picture = f'<img alt="image of {target_id}" src="{data_uri(png)}">'
    spectrum = "<p>no spectrum</p>"
    if batch.has_spectrum[row]:
        spectrum = spectrum_svg(batch.spectrum_flux[row], batch.spectrum_ivar[row], z=z)
    kind = "card asking" if similarity is None else "card"
    return f'<div class="{kind}"><header>{picture}<dl>{rows}</dl></header>{spectrum}</div>'


def _sky_link(target_id: TargetId, ra_deg: float, dec_deg: float) -> str:
    """Where to look at the real sky; a simulated galaxy is not there, and says so."""
    if not is_position_id(target_id) and decode_target_id(target_id).mock:
        return "simulated"
    url = f"https://www.legacysurvey.org/viewer?ra={ra_deg:.5f}&dec={dec_deg:.5f}&layer=ls-dr9&zoom=16"
    return f'<a href="{html.escape(url)}">Legacy Surveys viewer</a>'
