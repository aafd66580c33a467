"""Neighbours on standard output: a table for people, JSON lines or CSV for programs."""

import csv
import json
import math
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    # Importing galsearch.query loads FAISS, which would delay every help text.
    from galsearch.query.results.neighbours import Neighbours


class Format(StrEnum):
    """Formats in which neighbours are printed."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


COLUMNS = ("rank", "target_id", "similarity", "ra_deg", "dec_deg", "z")


def show_neighbours(neighbours: "Neighbours", output_format: Format) -> None:
    """Print the neighbours of one galaxy on standard output.

    A TARGETID is text in every format: a JSON number above 2**53 would name another galaxy.
    """
    rows = list(neighbour_rows(neighbours))
    if output_format is Format.JSONL:
        for row in rows:
            typer.echo(json_text(row))
    elif output_format is Format.CSV:
        writer = csv.DictWriter(sys.stdout, fieldnames=COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _show_table(neighbours, rows)


def neighbour_rows(neighbours: "Neighbours") -> Iterator[dict[str, Any]]:
    """Iterate over the neighbours of a galaxy as dictionaries, the most similar first.

    The keys are `rank`, `target_id`, `similarity`, `ra_deg`, `dec_deg` and `z`. A position or a
    redshift that is not known is None.
    """
    for i in range(len(neighbours)):
        yield {
            "rank": i + 1,
            "target_id": str(int(neighbours.target_ids[i])),
            "similarity": round(float(neighbours.similarity[i]), 6),
            "ra_deg": _known(neighbours.ra_deg[i]),
            "dec_deg": _known(neighbours.dec_deg[i]),
            "z": _known(neighbours.z[i]),
        }


def json_text(value: Any, *, indent: int | None = None) -> str:
    """A value as JSON, which has no numbers NaN and infinity: each becomes null.

    Examples
    --------
    >>> print(json_text({"z": float("nan"), "recall": [0.5, float("inf")]}))
    {"z": null, "recall": [0.5, null]}
    """
    return json.dumps(_without_nan(value), indent=indent, allow_nan=False)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _known(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _show_table(neighbours: "Neighbours", rows: Iterable[dict[str, Any]]) -> None:
    """Print neighbours as an aligned table, below a line that repeats the query."""
    query_id = neighbours.query_target_id
    galaxy = f"TARGETID {query_id}" if query_id else "your galaxy"
    method = "exact" if neighbours.exact else "re-ranked exactly"
    typer.echo(f"{neighbours.using} of {galaxy}, among {neighbours.among} ({method})")
    typer.echo(f"{'':>4}  {'TARGETID':>19}  {'similarity':>10}  {'RA':>10}  {'Dec':>10}  {'z':>8}")
    for row in rows:
        ra, dec, z = (
            f"{row[name]:{width}.5f}" if row[name] is not None else f"{'-':>{width.lstrip('+')}}"
            for name, width in (("ra_deg", "10"), ("dec_deg", "+10"), ("z", "8"))
        )
        typer.echo(
            f"{row['rank']:>4}  {row['target_id']:>19}  {row['similarity']:10.4f}  {ra}  {dec}  {z}"
        )
