"""The answer to a query: its neighbours with all columns, facets and notes, as JSON."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from galsearch.http.state.galaxy_rows import with_fields
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
    counted = facets_json(count_facets([neighbours.to_arrow()])) if facets else None
    similarities = [float(str(value)) for value in neighbours.similarity]
    wanted, own = neighbours.target_ids, neighbours.query_target_id
    if own is not None and own in served.engine:
        wanted = np.append(wanted, np.int64(own))  # one reading for all of them
    rows = served.rows.texts(wanted)
    galaxies = zip(rows[: len(neighbours)], similarities, strict=True)
    shown = ", ".join(
        f'{{"rank": {rank}, "similarity": {similarity!r}, {text[1:]}'
        for rank, (text, similarity) in enumerate(galaxies, 1)
    )
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
    own_row = rows[-1] if len(rows) > len(neighbours) else None
    query = _query_galaxy(own_row, neighbours, words, modality)
    return json.dumps(head, allow_nan=False)[:-1] + f', "query": {query}, "neighbours": [{shown}]}}'


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
    row: str | None,
    neighbours: Neighbours,
    words: Mapping[str, Any],
    modality: str | None,
) -> str:
    """The JSON object of the galaxy that the query was about, whose row is given if stored."""
    own = neighbours.query_target_id
    more: dict[str, Any] = {} if modality is None else {"modality": modality}
    if neighbours.separation_arcsec is not None and np.isfinite(neighbours.separation_arcsec):
        more["separation_arcsec"] = neighbours.separation_arcsec
    if words.get("name") is not None:
        more["name"] = words["name"]
    if row is not None:
        return with_fields(row, more)
    for name in ("like", "unlike"):
        if words.get(name) is not None:
            more[name] = [str(target_id) for target_id in words[name]]
    return json.dumps({"target_id": None if own is None else str(own), **more})
