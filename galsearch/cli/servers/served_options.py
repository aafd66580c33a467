"""Options of the commands that keep indexes open and answer queries: `serve` and `mcp`."""

from pathlib import Path
from typing import Annotated

import typer

IndexOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Directory of an index, or a name for it and the directory; may be repeated. "
        "Default: the one in index_builds/.",
        metavar="[NAME=]DIRECTORY",
    ),
]
DatasetOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Dataset with the images and spectra of an index, if it has moved; with the name "
        "of the index where there are several.",
        metavar="[NAME=]DIRECTORY",
    ),
]
NamesOption = Annotated[
    Path | None,
    typer.Option(help="Table of names and positions of galaxies.", metavar="FILE"),
]
SesameOption = Annotated[
    bool, typer.Option("--sesame", help="Look up other names at the service Sesame.")
]
