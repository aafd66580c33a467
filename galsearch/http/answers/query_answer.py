"""The JSON of answers to queries, written for all answers of one search at once."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from galsearch.core.arrays import TargetIds
from galsearch.http.state.served_index import ServedIndex
from galsearch.query.results.facets import Facets
from galsearch.query.results.neighbours import Neighbours

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY
"""Numbers of 32 bits are written with as many digits as they have; NaN becomes null."""


class Answered(NamedTuple):
    """The neighbours of a query, and the parts of the request that its answer repeats."""

    neighbours: Neighbours
    words: Mapping[str, Any]
    """The arguments of the query, of which examples are repeated in the answer."""
    facets: bool
    """Count the classes and redshifts of the neighbours."""
    modality: str | None = None
    """Modality of an uploaded file; None for another query."""


def query_answers(served: ServedIndex, found: Sequence[Answered], seconds: float) -> list[bytes]:
    """The JSON text of each answer.

    Parameters
    ----------
    served
        The index that was searched.
    found
        What was found.
    seconds
        Time that the search took.
    """
    ids = [one.neighbours.target_ids for one in found]
    owns = _own_ids(served, [one.neighbours for one in found])
    values = served.rows.values(np.concatenate([*ids, owns[owns > 0]]))
    own_rows = iter(values.objects(slice(sum(map(len, ids)), None)))
    texts, start = [], 0
    for one, own in zip(found, owns, strict=True):
        n = len(one.neighbours)
        rows = slice(start, start + n)
        start = rows.stop
        similarity = list(one.neighbours.similarity)
        table = {
            "index": served.name,
            "using": str(one.neighbours.using),
            "among": str(one.neighbours.among),
            "k": one.words["k"],
            "offset": one.words["offset"],
            "exact": bool(one.neighbours.exact),
            "facets": facets_json(values.facets(rows)) if one.facets else None,
            "notes": one.neighbours.notes,
            "seconds": round(seconds, 6),
            "query": _query_galaxy(one, next(own_rows) if own else None),
            "neighbours": values.objects(rows, rank=range(1, n + 1), similarity=similarity),
        }
        texts.append(orjson.dumps(table, option=_OPTIONS))
    return texts


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


def _own_ids(served: ServedIndex, found: Sequence[Neighbours]) -> TargetIds:
    """TARGETIDs of the query galaxies; 0 for one that is not stored, or where there is none."""
    ids = np.array([neighbours.query_target_id or 0 for neighbours in found], np.int64)
    return np.where(served.engine.index.catalogue_rows(ids) >= 0, ids, 0)


def _query_galaxy(one: Answered, row: Mapping[str, Any] | None) -> dict[str, Any]:
    """The JSON object of the galaxy that the query was about, whose row is given if stored."""
    own, separation = one.neighbours.query_target_id, one.neighbours.separation_arcsec
    more: dict[str, Any] = {} if one.modality is None else {"modality": one.modality}
    if separation is not None and np.isfinite(separation):
        more["separation_arcsec"] = separation
    if one.words.get("name") is not None:
        more["name"] = one.words["name"]
    if row is not None:
        return {**row, **more}
    for name in ("like", "unlike"):
        if one.words.get(name) is not None:
            more[name] = [str(target_id) for target_id in one.words[name]]
    return {"target_id": None if own is None else str(own), **more}
