"""The description of the service: its indexes, their columns, recall and limits."""

import dataclasses
import datetime
import json
import math
from functools import partial
from typing import Any

from galsearch.core.version import VERSION
from galsearch.http.state.served_index import ServedIndex, ServedIndexes
from galsearch.http.state.service_settings import Limits
from galsearch.query.results.column_summaries import ColumnSummary, summarise_columns

_LARGEST_EXACT = 2**53
_SHOWN_LIMITS = ("rows", "body_bytes", "where_characters", "examples", "ids", "diverse_rows")
_RECALL = ("using", "among", "recall_at_1", "recall_at_10", "recall_at_100", "error", "n_queries")


def describe_answer(indexes: ServedIndexes, limits: Limits) -> bytes:
    """The JSON text of the description; that of each index is made once and kept."""
    described = [served.cached("describe", partial(_described, served)) for served in indexes]
    shown = {name: getattr(limits, name) for name in _SHOWN_LIMITS}
    head = {"version": VERSION, "limits": shown, "uploads": True}
    body = json.dumps(head)[:-1].encode() + b', "indexes": [' + b", ".join(described) + b"]}"
    return body


def _described(served: ServedIndex) -> bytes:
    manifest = served.engine.manifest
    has_pixels = served.dataset is not None
    table = {
        "name": served.name,
        "galaxies": len(served.engine),
        "modalities": {kind.value: one.n_vectors for kind, one in manifest.modalities.items()},
        "recall": [
            {name: plain(getattr(entry, name)) for name in _RECALL} for entry in manifest.directions
        ],
        "columns": [_column(summary) for summary in summarise_columns(served.engine.index)],
        "thumbnails": has_pixels,
        "spectra": has_pixels,
        "map": bool(manifest.maps),
        "maps": [kind.value for kind in manifest.maps],
        "model": manifest.fingerprint.short,
        "promised": _promise(served),
    }
    return json.dumps(table, allow_nan=False).encode()


def _promise(served: ServedIndex) -> str:
    manifest = served.engine.manifest
    n_queries = max((entry.n_queries for entry in manifest.directions), default=0)
    return (
        f"The build aims at a recall of {manifest.recipe.recall_target:g} for 10 neighbours, and "
        f"measured it with {n_queries:,} galaxies in each direction."
    )


def _column(summary: ColumnSummary) -> dict[str, Any]:
    values = summary.values
    shown = None
    if values is not None:
        shown = [{"value": plain(value), "count": count} for value, count in values.items()]
    table = dataclasses.asdict(summary)
    return {
        **table,
        "minimum": plain(summary.minimum),
        "maximum": plain(summary.maximum),
        "values": shown,
    }


def plain(value: Any) -> Any:
    """A value as JSON has it: null for what is not finite, text for what JSON would round.

    Examples
    --------
    >>> plain(float("inf")), plain(2**60), plain(0.5)
    (None, '1152921504606846976', 0.5)
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_EXACT else str(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
