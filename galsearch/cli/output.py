"""Answers on stdout: a table for people, JSON lines or CSV for machines."""

import csv
import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

if TYPE_CHECKING:  # the query room loads FAISS, which no help text needs
    from galsearch.query.neighbours import Neighbours


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


COLUMNS = ("rank", "target_id", "similarity", "ra_deg", "dec_deg", "z")


def show_neighbours(answer: "Neighbours", form: Format) -> None:
    """Print one answer; a TARGETID is text in every format, for 2**53 loses galaxies."""
    rows = list(neighbour_rows(answer))
    if form is Format.JSONL:
        for row in rows:
            typer.echo(json.dumps(row))
    elif form is Format.CSV:
        writer = csv.DictWriter(sys.stdout, fieldnames=COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        show_table(answer, rows)


def neighbour_rows(answer: "Neighbours") -> Iterable[dict[str, Any]]:
    """One plain dictionary a neighbour, best first; an unknown redshift is None."""
    for i in range(len(answer)):
        z = float(answer.z[i])
        yield {
            "rank": i + 1,
            "target_id": str(int(answer.target_ids[i])),
            "similarity": round(float(answer.similarity[i]), 6),
            "ra_deg": float(answer.ra_deg[i]),
            "dec_deg": float(answer.dec_deg[i]),
            "z": z if np.isfinite(z) else None,
        }


def show_table(answer: "Neighbours", rows: Iterable[dict[str, Any]]) -> None:
    """The answer as aligned text under a line that repeats the question."""
    asking = f"TARGETID {answer.query_target_id}" if answer.query_target_id else "your galaxy"
    kind = "exact" if answer.exact else "re-ranked exactly"
    typer.echo(f"{answer.using} of {asking}, among {answer.among} ({kind})")
    typer.echo(f"{'':>4}  {'TARGETID':>19}  {'similarity':>10}  {'RA':>10}  {'Dec':>10}  {'z':>8}")
    for row in rows:
        z = f"{row['z']:8.5f}" if row["z"] is not None else f"{'-':>8}"
        typer.echo(
            f"{row['rank']:>4}  {row['target_id']:>19}  {row['similarity']:10.4f}  "
            f"{row['ra_deg']:10.5f}  {row['dec_deg']:+10.5f}  {z}"
        )
