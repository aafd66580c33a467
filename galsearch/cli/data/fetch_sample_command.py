"""The command fetch-sample: a small sample of real galaxies."""

from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.progress_bars import progress_bars

FETCH_SAMPLE_EXAMPLES = """\b
Examples:
  galsearch fetch-sample
  galsearch fetch-sample --sizes
  galsearch fetch-sample sample --fetch
  galsearch fetch-sample dr1 --release dr1 --survey special --program dark --healpix 27247
"""


def fetch_sample(
    out: Annotated[Path, typer.Argument(help="Directory of the sample.", metavar="OUT")] = Path(
        "sample"
    ),
    release: Annotated[str, typer.Option(help="Public release of DESI.")] = "edr",
    reduction: Annotated[
        str | None, typer.Option(help="Reduction; default: fuji for edr, iron for dr1.")
    ] = None,
    survey: Annotated[str, typer.Option(help="Survey of DESI: sv1, sv3, main and so on.")] = "sv3",
    program: Annotated[str, typer.Option(help="Program: dark, bright and so on.")] = "dark",
    healpix: Annotated[int, typer.Option(help="HEALPix pixel, nside 64, NESTED.")] = 26065,
    layer: Annotated[str, typer.Option(help="Layer of the Legacy Surveys viewer.")] = "ls-dr9",
    bands: Annotated[str, typer.Option(help="Bands of the cutouts.")] = "grz",
    size: Annotated[int, typer.Option(help="Side of a cutout in pixels of 0.262 arcsec.")] = 160,
    n_cutouts: Annotated[int, typer.Option(help="Largest number of cutouts.")] = 20,
    desi_root: Annotated[
        str | None,
        typer.Option(
            help="Address of a mirror of the releases of DESI; default: data.desi.lbl.gov.",
            metavar="URL",
        ),
    ] = None,
    cutout_service: Annotated[
        str | None,
        typer.Option(
            help="Address of the cutout service; default: that of the Legacy Surveys viewer.",
            metavar="URL",
        ),
    ] = None,
    sizes: Annotated[
        bool, typer.Option("--sizes", help="Ask the server for the sizes of the files.")
    ] = False,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch the files.")] = False,
) -> None:
    """Show or run the commands that fetch a real sample.

    The sample is one HEALPix pixel of DESI (coadd and redshifts) with cutouts of the Legacy
    Surveys. Without --fetch and --sizes no server is asked. With --fetch, files that are there are
    kept, cutouts come one a second, and a recipe for `galsearch ingest` is written.
    """
    with progress_bars() as progress:
        sample = galsearch.fetch_sample(
            out,
            release=release,
            reduction=reduction,
            survey=survey,
            program=program,
            healpix=healpix,
            layer=layer,
            bands=bands,
            size=size,
            n_cutouts=n_cutouts,
            desi_root=desi_root,
            cutout_service=cutout_service,
            sizes=sizes,
            fetch=fetch,
            progress=progress,
        )
    typer.echo(str(sample))
