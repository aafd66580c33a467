"""The command cite: what a paper that uses an index has to cite."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.lifecycle_commands import IndexArgument
from galsearch.cli.output import show_notes

CITE_EXAMPLES = """\b
Examples:
  galsearch cite
  galsearch cite index_builds/mine --format bibtex > mine.bib
  galsearch cite index_builds/aion --embeddings aion/embeddings
"""


class CiteFormat(StrEnum):
    """Forms in which works are printed."""

    TEXT = "text"
    BIBTEX = "bibtex"


def cite(
    index: IndexArgument = None,
    dataset: Annotated[
        Path | None, typer.Option(help="Dataset of the index, if it has moved.")
    ] = None,
    embeddings: Annotated[
        Path | None,
        typer.Option(help="Embeddings of the index, which record the name of their encoder."),
    ] = None,
    output_format: Annotated[
        CiteFormat, typer.Option("--format", help="Text for people, or a BibTeX file.")
    ] = CiteFormat.TEXT,
) -> None:
    """Show what to cite when you use an index.

    Surveys and their releases come from the files that the dataset of the index was made from, the
    tools from its manifest. Simulated galaxies are said to be simulated. Notes are printed on
    standard error where the works are printed as BibTeX.
    """
    found = galsearch.cite(index, dataset=dataset, embeddings=embeddings)
    if output_format is CiteFormat.TEXT:
        typer.echo(str(found))
        return
    show_notes(found.notes)
    typer.echo(found.bibtex(), nl=False)
