"""Commands that analyse galaxies through their neighbours: estimate and outliers."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import galsearch
from galsearch.cli.output import Format, Output, show_notes
from galsearch.cli.progress_bars import progress_bars
from galsearch.cli.queries.grouped_help import BANK, ESTIMATES, GALAXIES, RESULTS
from galsearch.cli.queries.query_options import Index
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality

ESTIMATE_EXAMPLES = """\b
Examples:
  galsearch estimate 39627848784286003 --property z,log10_mass --using image --among spectrum
  galsearch estimate --property morphology --where "zwarn > 0" --format csv
  galsearch estimate --property z --bank index_builds/labelled --bank-where "zwarn == 0"
  galsearch estimate --property z --method templates --spectrum spec-0266-51602-0013.fits
  galsearch estimate --property log10_mass --image cutout.fits --bank index_builds/labelled
  galsearch estimate --property z,stellar_mass,morphology --image cutout.fits --bank simulated
"""
OUTLIER_EXAMPLES = """\b
Examples:
  galsearch outliers --rank-by inconsistency --top 20
  galsearch outliers --index index_builds/mine --out scores.fits
  galsearch outliers --where "zwarn == 0" --similarity csls --out scores.parquet
"""

OutputFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="Format; default: what the name of --out says, or a table.",
        rich_help_panel=RESULTS,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="File to write, instead of standard output.", metavar="FILE", rich_help_panel=RESULTS
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that are there.", rich_help_panel=RESULTS)
]


def estimate(
    property: Annotated[  # noqa: A002 (the word of the command line)
        str,
        typer.Option(
            help="Columns to estimate, separated by commas, such as z,log10_mass.",
            rich_help_panel=ESTIMATES,
        ),
    ],
    target_ids: Annotated[
        list[str] | None,
        typer.Argument(help="TARGETIDs; default: all galaxies.", metavar="[TARGETID]..."),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(
            help="Your own image: a FITS cutout, brick, JPEG or .npy file.",
            rich_help_panel=GALAXIES,
        ),
    ] = None,
    spectrum: Annotated[
        str | None,
        typer.Option(
            help="Your own spectrum: a DESI, SDSS, CSV, ECSV or .npy file.",
            rich_help_panel=GALAXIES,
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            help="neighbours; or templates, for z alone: redshift odds of "
            "the encoder's template bank.",
            rich_help_panel=ESTIMATES,
        ),
    ] = "neighbours",
    ids: Annotated[
        str | None,
        typer.Option(
            help="File with TARGETIDs to estimate: text or a table.",
            metavar="FILE",
            rich_help_panel=GALAXIES,
        ),
    ] = None,
    ids_column: Annotated[
        str | None,
        typer.Option(help="Column of that table; default: TARGETID.", rich_help_panel=GALAXIES),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            help='Condition on the galaxies to estimate, such as "zwarn > 0".',
            rich_help_panel=GALAXIES,
        ),
    ] = None,
    using: Annotated[
        Modality | None,
        typer.Option(
            help="Which embedding of the galaxies is used; default: image, or your own.",
            rich_help_panel=GALAXIES,
        ),
    ] = None,
    among: Annotated[
        Modality,
        typer.Option(help="Which embeddings of the bank are searched.", rich_help_panel=BANK),
    ] = Modality.IMAGE,
    k: Annotated[
        int | None,
        typer.Option(
            "-k",
            help="Number of neighbours; default: the best of 8 to 64.",
            rich_help_panel=ESTIMATES,
        ),
    ] = None,
    index: Index = None,
    bank: Annotated[
        str | None,
        typer.Option(
            help="Index of the bank, the galaxies with known properties, or simulated: the shipped "
            "bank. Default: --index, and the shipped bank for what it has no values of.",
            rich_help_panel=BANK,
        ),
    ] = None,
    bank_where: Annotated[
        str | None,
        typer.Option(
            help='Condition on the galaxies of the bank, such as "zwarn == 0"; in the words of '
            "--property for --bank simulated.",
            rich_help_panel=BANK,
        ),
    ] = None,
    as_classes: Annotated[
        str | None,
        typer.Option(
            help="Properties whose whole numbers are classes, such as a type, separated by commas.",
            rich_help_panel=ESTIMATES,
        ),
    ] = None,
    from_embeddings: Annotated[
        Path | None,
        typer.Option(
            help="Embeddings that hold the galaxies, if the index does not.",
            rich_help_panel=GALAXIES,
        ),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            help="Dataset with the spectra for --method templates.", rich_help_panel=GALAXIES
        ),
    ] = None,
    encoder: Annotated[
        str,
        typer.Option(
            help="Encoder of your data, or with the templates: a name or file.",
            rich_help_panel=ESTIMATES,
        ),
    ] = "galsearch-small",
    n_held_out: Annotated[
        int,
        typer.Option(
            help="Largest number of galaxies of the bank that calibrate the intervals.",
            rich_help_panel=ESTIMATES,
        ),
    ] = 5000,
    seed: Annotated[
        int,
        typer.Option(
            help="Seed of the choice of the galaxies that calibrate.", rich_help_panel=ESTIMATES
        ),
    ] = 0,
    output_format: OutputFormat = None,
    out: Out = None,
    overwrite: Overwrite = False,
) -> None:
    """Estimate properties of galaxies from neighbours.

    The neighbours are galaxies with known properties (the bank): those of an index that have a
    value in the column. Each estimate has calibrated 68 and 95 per cent intervals, the agreement of
    the neighbours, and marks where the galaxy is unlike all of the bank (outside_bank) and where
    its neighbours are too far or too different to be trusted (unreliable). A bank of simulated
    galaxies is shipped (z, stellar_mass, age, metallicity, ssfr, morphology); results that come
    from it say so.
    """
    # Imported here: galsearch.analysis loads FAISS, which would delay every help text.
    from galsearch.analysis import Estimation, iterate_estimates
    from galsearch.query import read_ids

    output = Output(output_format, out, overwrite)
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
    with progress_bars() as progress:
        parts = iterate_estimates(request, progress=progress)
        first = next(parts)
        show_tables(output, (part.to_arrow() for part in itertools.chain([first], parts)))
    show_notes(first.notes)


def outliers(
    index: Index = None,
    rank_by: Annotated[
        str | None,
        typer.Option(
            help="Column by which the most unusual galaxy is first: "
            "image_anomaly, spectrum_anomaly or "
            "inconsistency; default: the order of TARGETIDs."
        ),
    ] = None,
    top: Annotated[
        int | None, typer.Option(help="Number of galaxies to show; default: all.")
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Number of neighbours of each galaxy.")] = 16,
    similarity: Annotated[
        str,
        typer.Option(
            help="cosine; or csls, which lowers the similarity of hubs, "
            "galaxies that are near to many."
        ),
    ] = "cosine",
    where: Annotated[
        str | None, typer.Option(help='Condition on the galaxies, such as "zwarn == 0".')
    ] = None,
    output_format: OutputFormat = None,
    out: Out = None,
    overwrite: Overwrite = False,
) -> None:
    """Score how unusual each galaxy of an index is.

    The anomalies are distances to the k-th nearest image or spectrum. The inconsistency compares
    the similarity of the galaxy's own image and spectrum with that of its neighbours: it is large
    for a wrong fibre, a blend or exchanged data.
    """
    output = Output(output_format, out, overwrite)
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
    show_tables(output, iter([found.to_arrow()]))


def show_tables(output: Output, tables: Iterator[Any]) -> None:
    """Print or write Arrow tables of results, which arrive in parts."""
    first = next(tables)
    parts = itertools.chain([first], tables)
    if output.format in (None, Format.TABLE):
        lines = (line for number, part in enumerate(parts) for line in _lines(part, number == 0))
        if output.out is None:
            for line in lines:
                typer.echo(line)
        else:
            output.put_text("".join(f"{line}\n" for line in lines))
    else:
        output.put_table(first.schema, parts)


def _lines(table: Any, with_names: bool) -> Iterator[str]:
    """The rows of an Arrow table as aligned text, below the names of its columns."""
    names = table.column_names
    widths = [max(len(name), 19 if name == "target_id" else 10) for name in names]
    rows = zip(*(table[name].to_pylist() for name in names), strict=True)
    for row in itertools.chain([names] if with_names else [], rows):
        cells = zip(map(_cell, row), widths, strict=True)
        yield "  ".join(f"{cell:>{width}}" for cell, width in cells)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
