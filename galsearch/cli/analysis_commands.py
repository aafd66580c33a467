"""Commands that analyse galaxies through their neighbours: estimate and outliers."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

import galsearch
from galsearch.cli.output import Format, json_text
from galsearch.cli.progress_bars import progress_bars
from galsearch.cli.query_commands import Index
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality

if TYPE_CHECKING:
    # Importing the analysis loads FAISS, which would delay every help text.
    from galsearch.core.arrays import TargetIds

ESTIMATE_EXAMPLES = """\b
Examples:
  galsearch estimate 39627848784286003 --property z,log10_mass --using image --among spectrum
  galsearch estimate --property morphology --where "zwarn > 0" --format csv
  galsearch estimate --property z --bank index_builds/labelled --bank-where "zwarn == 0"
  galsearch estimate --property z --method templates --spectrum spec-0266-51602-0013.fits
  galsearch estimate --property log10_mass --image cutout.fits --bank index_builds/labelled
"""
OUTLIER_EXAMPLES = """\b
Examples:
  galsearch outliers --rank-by inconsistency --top 20
  galsearch outliers --where "zwarn == 0" --similarity csls --format csv
"""

OutputFormat = Annotated[Format, typer.Option("--format", help="Format on standard output.")]


def estimate(
    property: Annotated[  # noqa: A002 (the word of the command line)
        str, typer.Option(help="Columns to estimate, separated by commas, such as z,log10_mass.")
    ],
    target_ids: Annotated[
        list[str] | None,
        typer.Argument(help="TARGETIDs; default: all galaxies.", metavar="[TARGETID]..."),
    ] = None,
    image: Annotated[
        str | None, typer.Option(help="Your own image: a FITS cutout, brick, JPEG or .npy file.")
    ] = None,
    spectrum: Annotated[
        str | None, typer.Option(help="Your own spectrum: a DESI, SDSS, CSV, ECSV or .npy file.")
    ] = None,
    method: Annotated[
        str, typer.Option(help="neighbours, or templates: redshift odds of the spectrum encoder.")
    ] = "neighbours",
    ids: Annotated[
        str | None,
        typer.Option(help="File with TARGETIDs to estimate: text or a table.", metavar="FILE"),
    ] = None,
    ids_column: Annotated[
        str | None, typer.Option(help="Column of that table; default: TARGETID.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(help='Condition on the galaxies to estimate, such as "zwarn > 0".')
    ] = None,
    using: Annotated[
        Modality | None,
        typer.Option(help="Which embedding of the galaxies is used; default: image, or your own."),
    ] = None,
    among: Annotated[
        Modality, typer.Option(help="Which embeddings of the bank are searched.")
    ] = Modality.IMAGE,
    k: Annotated[
        int | None, typer.Option("-k", help="Number of neighbours; default: the best of 8 to 64.")
    ] = None,
    index: Index = None,
    bank: Annotated[
        Path | None, typer.Option(help="Index with the labelled galaxies; default: --index.")
    ] = None,
    bank_where: Annotated[
        str | None, typer.Option(help='Condition on labelled galaxies, such as "zwarn == 0".')
    ] = None,
    as_classes: Annotated[
        str | None, typer.Option(help="Properties in columns of whole numbers that are classes.")
    ] = None,
    from_embeddings: Annotated[
        Path | None,
        typer.Option(help="Embeddings that hold the galaxies, if the index does not."),
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(help="Dataset with the spectra for --method templates.")
    ] = None,
    encoder: Annotated[
        str, typer.Option(help="Encoder of your data, or with the templates: a name or file.")
    ] = "galsearch-small",
    n_held_out: Annotated[
        int, typer.Option(help="Largest number of labelled galaxies that calibrate.")
    ] = 5000,
    seed: Annotated[int, typer.Option(help="Seed of their random choice.")] = 0,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Estimate properties of galaxies from labelled neighbours.

    Each estimate has calibrated 68 and 95 per cent intervals, the agreement of the neighbours, and
    a mark where the galaxy is outside the labelled galaxies. Galaxies without a label are left out
    of the bank.
    """
    # Imported here: galsearch.analysis loads FAISS, which would delay every help text.
    from galsearch.analysis import Estimation, iterate_estimates
    from galsearch.query import read_ids

    if ids is not None and target_ids:
        raise QueryError("galaxies are named as arguments and in a file; expected one of these.")
    wanted = None if ids is None else read_ids(ids, ids_column)
    request = Estimation(
        wanted if wanted is not None else target_ids or None,
        property,
        image=image,
        spectrum=spectrum,
        method=method,
        index=index,
        bank=bank,
        using=using,
        among=among,
        k=k,
        where=where,
        bank_where=bank_where,
        as_classes=as_classes,
        from_embeddings=from_embeddings,
        dataset=dataset,
        encoder=encoder,
        n_held_out=n_held_out,
        seed=seed,
    )
    table = ColumnTable(output_format)
    with progress_bars() as progress:
        for number, part in enumerate(iterate_estimates(request, progress=progress)):
            notes = part.notes if not number else ()
            table.write(part.target_ids, part.columns)
    for note in notes:
        typer.echo(note, err=True)


def outliers(
    index: Index = None,
    rank_by: Annotated[
        str | None,
        typer.Option(help="image_anomaly, spectrum_anomaly or inconsistency: most unusual first."),
    ] = None,
    top: Annotated[int | None, typer.Option(help="Number of galaxies to show.")] = None,
    k: Annotated[int, typer.Option("-k", help="Number of neighbours of each galaxy.")] = 16,
    similarity: Annotated[
        str,
        typer.Option(
            help="cosine, or csls: less for images and spectra that are near to everything."
        ),
    ] = "cosine",
    where: Annotated[
        str | None, typer.Option(help='Condition on the galaxies, such as "zwarn == 0".')
    ] = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Score how unusual each galaxy of an index is.

    The anomalies are distances to the k-th nearest image or spectrum. The inconsistency compares
    the similarity of the galaxy's own image and spectrum with that of its neighbours: it is large
    for a wrong fibre, a blend or exchanged data.
    """
    with progress_bars() as progress:
        found = galsearch.outliers(
            index=index,
            rank_by=rank_by,
            top=top,
            k=k,
            similarity=similarity,
            where=where,
            progress=progress,
        )
    ColumnTable(output_format).write(found.target_ids, found.columns)


class ColumnTable:
    """Columns of galaxies on standard output, in parts; a TARGETID is text in every format.

    Parameters
    ----------
    output_format
        A table for people, JSON lines or CSV.
    """

    def __init__(self, output_format: Format) -> None:
        self._format = output_format
        self._names: list[str] | None = None

    def write(self, target_ids: "TargetIds", columns: dict[str, Any]) -> None:
        """Print the rows of some galaxies; the first call prints the names of the columns."""
        first = self._names is None
        self._names = ["target_id", *columns]
        ids = [str(one) if one else "" for one in target_ids.tolist()]
        values = [ids, *(_known(column) for column in columns.values())]
        rows = zip(*values, strict=True)
        if self._format is Format.JSONL:
            for row in rows:
                typer.echo(json_text(dict(zip(self._names, row, strict=True))))
        elif self._format is Format.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerows([self._names] if first else [])
            writer.writerows(rows)
        else:
            widths = [19, *(max(len(name), 10) for name in columns)]
            if first:
                typer.echo(_line(self._names, widths))
            for row in rows:
                typer.echo(_line([_cell(value) for value in row], widths))


def _known(column: Any) -> list[Any]:
    """The values of a column, None where one is not known, rounded to seven digits."""
    if not np.issubdtype(column.dtype, np.floating):
        return list(column.tolist())
    return [float(f"{value:.7g}") if np.isfinite(value) else None for value in column.tolist()]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _line(cells: list[str], widths: list[int]) -> str:
    return "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
