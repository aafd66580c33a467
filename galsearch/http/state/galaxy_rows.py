"""Catalogue columns of galaxies as JSON, which are kept: a galaxy is found again and again."""

import io
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import TargetIds
from galsearch.formats.json_lines import write_json_lines
from galsearch.formats.sky_links import image_link, spectrum_link
from galsearch.query import SearchEngine

CACHED_BYTES = 128 << 20
"""Characters of JSON that are kept for one index; the least recently used are dropped."""


class GalaxyRows:
    """The JSON object of each galaxy of an index; safe to share between threads."""

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._texts: OrderedDict[int, str] = OrderedDict()
        self._n_kept = 0

    def texts(self, target_ids: TargetIds) -> list[str]:
        """(n,) JSON objects with all catalogue columns, and `links` to pages about the galaxy.

        Parameters
        ----------
        target_ids : (n,)
            Galaxies of the index.
        """
        wanted = target_ids.tolist()
        with self._lock:
            found = {one: self._texts[one] for one in wanted if one in self._texts}
            for one in found:
                self._texts.move_to_end(one)
        missing = [one for one in dict.fromkeys(wanted) if one not in found]
        if missing:
            made = self._made(missing)
            found |= made
            self._keep(made)
        return [found[one] for one in wanted]

    def _made(self, target_ids: Sequence[int]) -> dict[int, str]:
        ids = np.array(target_ids, np.int64)
        rows = json_rows(self._engine.catalogue.columns.take(ids))
        places = self._engine.index.catalogue_records(ids)
        return {
            one: with_fields(row, {"links": links(one, float(ra_deg), float(dec_deg))})
            for one, row, ra_deg, dec_deg in zip(
                target_ids, rows, places["ra_deg"], places["dec_deg"], strict=True
            )
        }

    def _keep(self, made: Mapping[int, str]) -> None:
        with self._lock:
            for one, text in made.items():
                if one not in self._texts:
                    self._texts[one] = text
                    self._n_kept += len(text)
            while self._n_kept > CACHED_BYTES:
                _, dropped = self._texts.popitem(last=False)
                self._n_kept -= len(dropped)


def json_rows(table: pa.Table) -> list[str]:
    """The JSON object of each row of a table: TARGETIDs are texts, what is not finite is null.

    Examples
    --------
    >>> json_rows(pa.table({"z": [0.1, float("nan")]}))
    ['{"z": 0.1}', '{"z": null}']
    """
    sink = io.BytesIO()
    write_json_lines(table.schema, [table], sink)
    return sink.getvalue().decode("ascii").splitlines()


def with_fields(row: str, fields: Mapping[str, Any]) -> str:
    """A JSON object in a text, with further fields at its end.

    Examples
    --------
    >>> with_fields('{"z": 0.1}', {"links": {}})
    '{"z": 0.1, "links": {}}'
    """
    if not fields:
        return row
    more = json.dumps(fields, allow_nan=False)[1:]
    return row[:-1] + (", " if len(row) > 2 else "") + more


def links(target_id: int, ra_deg: float, dec_deg: float) -> dict[str, str]:
    """Addresses of pages about a galaxy elsewhere, by name; none for a simulated galaxy."""
    found = {
        "legacy_viewer": image_link(target_id, ra_deg, dec_deg),
        "desi_spectrum": spectrum_link(target_id),
    }
    return {name: url for name, url in found.items() if url is not None}
