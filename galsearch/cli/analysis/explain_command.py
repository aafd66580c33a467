"""The command explain: which parts of two galaxies carry their similarity."""

from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.analysis.analysis_commands import Out, OutputFormat, Overwrite, show_tables
from galsearch.cli.output import Format, Output, show_notes
from galsearch.cli.progress_bars import progress_bars
from galsearch.cli.queries.query_options import Index
from galsearch.core.modality import Modality

EXPLAIN_EXAMPLES = """\b
Examples:
  galsearch explain 39627848784286003 39627848784286010 --png images.png
  galsearch explain 39627848784286003 39627848784286010 --using spectrum --among spectrum
  galsearch explain cutout.fits 39627848784286003 --among spectrum --png pair.png
  galsearch explain 39627848784286003 39627848784286010 --format csv --out parts.csv
"""


def explain(
    a: Annotated[str, typer.Argument(help="TARGETID, or a file of your own.", metavar="A")],
    b: Annotated[str, typer.Argument(help="TARGETID, or a file of your own.", metavar="B")],
    using: Annotated[
        Modality, typer.Option(help="Which modality of A is compared.")
    ] = Modality.IMAGE,
    among: Annotated[
        Modality, typer.Option(help="Which modality of B is compared.")
    ] = Modality.IMAGE,
    index: Index = None,
    dataset: Annotated[
        Path | None,
        typer.Option(help="Dataset with their images and spectra; default: that of the index."),
    ] = None,
    encoder: Annotated[
        str, typer.Option(help="Encoder of the index: a name or file.")
    ] = "galsearch-small",
    top: Annotated[int, typer.Option(help="Number of parts of each kind in the table.", min=1)] = 6,
    png: Annotated[
        Path | None, typer.Option(help="Picture of both galaxies to write.", metavar="FILE")
    ] = None,
    output_format: OutputFormat = None,
    out: Out = None,
    overwrite: Overwrite = False,
) -> None:
    """Show which parts of two galaxies make them similar.

    Patches of an image, stretches of a spectrum and its lines are removed, and the fall of the
    similarity is their contribution. Formats other than the table hold all parts.
    """
    output = Output(output_format, out, overwrite, picture=png)
    with progress_bars() as progress:
        found = galsearch.explain(
            a,
            b,
            using=using,
            among=among,
            index=index,
            dataset=dataset,
            encoder=encoder,
            progress=progress,
        )
    if png is not None:
        found.write_png(png, overwrite=overwrite)
        typer.echo(f"picture: {png}", err=True)
    if output.format in (None, Format.TABLE):
        output.put_text(found.summary(top))
    else:
        show_tables(output, iter([found.to_arrow()]))
    show_notes(found.notes)
