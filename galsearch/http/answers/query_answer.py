"""The answer to a query: its neighbours with all columns, facets and notes, as JSON."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from galsearch.formats.sky_links import image_link, spectrum_link
from galsearch.http.answers.json_rows import json_rows, with_fields
from galsearch.http.state.served_index import ServedIndex
from galsearch.query import Neighbours
from galsearch.query.results.facets import Facets, count_facets


def query_answer(
    served: ServedIndex,
    neighbours: Neighbours,
    words: Mapping[str, Any],
    *,
    facets: bool,
    seconds: float,
    modality: str | None = None,
) -> str:
    """The JSON text of an answer.

    Parameters
    ----------
    served
        The index that was searched.
    neighbours
        What was found.
    words
        The arguments of the query, of which examples are repeated in the answer.
    facets
        Count the classes and redshifts of the neighbours.
    seconds
        Time that the search took.
    modality
        Modality of an uploaded file; None for another query.
    """
    table = neighbours.to_arrow()
    counted = facets_json(count_facets([table])) if facets else None
    rows = json_rows(table.drop_columns(["query_target_id"]))
    galaxies = zip(
        rows,
        neighbours.target_ids.tolist(),
        neighbours.ra_deg.tolist(),
        neighbours.dec_deg.tolist(),
        strict=True,
    )
    shown = ", ".join(with_fields(row, {"links": links(*galaxy)}) for row, *galaxy in galaxies)
    head = {
        "index": served.name,
        "using": str(neighbours.using),
        "among": str(neighbours.among),
        "k": words["k"],
        "offset": words["offset"],
        "exact": bool(neighbours.exact),
        "facets": counted,
        "notes": list(neighbours.notes),
        "seconds": round(seconds, 6),
    }
    query = _query_galaxy(served, neighbours, words, modality)
    return json.dumps(head, allow_nan=False)[:-1] + f', "query": {query}, "neighbours": [{shown}]}}'


def links(target_id: int, ra_deg: float, dec_deg: float) -> dict[str, str]:
    """Addresses of pages about a galaxy elsewhere, by name; none for a simulated galaxy."""
    found = {
        "legacy_viewer": image_link(target_id, ra_deg, dec_deg),
        "desi_spectrum": spectrum_link(target_id),
    }
    return {name: url for name, url in found.items() if url is not None}


def facets_json(facets: Facets) -> dict[str, list[dict[str, Any]]]:
    """The counts of facets: the values of each class, and bins of redshift under `z`."""
    found: dict[str, list[dict[str, Any]]] = {
        column: [{"value": value, "count": count} for value, count in counts.items()]
        for column, counts in facets.classes.items()
    }
    bins: list[dict[str, Any]] = [
        {"from": low, "to": high, "count": count} for low, high, count in facets.redshifts
    ]
    if facets.n_without_redshift:
        bins.append({"from": None, "to": None, "count": facets.n_without_redshift})
    return {**found, "z": bins} if bins else found


def _query_galaxy(
    served: ServedIndex,
    neighbours: Neighbours,
    words: Mapping[str, Any],
    modality: str | None,
) -> str:
    """The JSON object of the galaxy that the query was about."""
    own = neighbours.query_target_id
    more: dict[str, Any] = {} if modality is None else {"modality": modality}
    if neighbours.separation_arcsec is not None and np.isfinite(neighbours.separation_arcsec):
        more["separation_arcsec"] = neighbours.separation_arcsec
    if words.get("name") is not None:
        more["name"] = words["name"]
    if own is not None and own in served.engine:
        (row,) = json_rows(served.row(own))
        return with_fields(row, more)
    for name in ("like", "unlike"):
        if words.get(name) is not None:
            more[name] = [str(target_id) for target_id in words[name]]
    return json.dumps({"target_id": None if own is None else str(own), **more})
