"""Commands that ask: which galaxies are like this one, and what is this build."""

import json
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.output import Format, show_neighbours
from galsearch.core.modality import Modality

Index = Annotated[
    Path | None, typer.Option("--index", help="A build; default: the only one in index_builds/.")
]


def query(
    target_id: Annotated[str, typer.Option(help="TARGETID of the asking galaxy.")],
    using: Annotated[Modality, typer.Option(help="Which of its embeddings asks.")] = Modality.IMAGE,
    among: Annotated[
        Modality, typer.Option(help="Which embeddings are searched.")
    ] = Modality.IMAGE,
    k: Annotated[int, typer.Option("-k", help="How many neighbours.")] = 10,
    index: Index = None,
    asking: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Embeddings that hold the asking galaxy, if the index does not."
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(help='Only galaxies of which this holds, such as "z < 0.3 and mag_r < 19".'),
    ] = None,
    within: Annotated[
        tuple[float, float, float] | None,
        typer.Option(help="Only galaxies in this cone.", metavar="RA_DEG DEC_DEG RADIUS_ARCMIN"),
    ] = None,
    gallery: Annotated[
        Path | None, typer.Option(help="Also write a page with thumbnails and spectra.")
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(help="Where the page's pixels are, if they have moved.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="On stdout.")] = Format.TABLE,
) -> None:
    """The k galaxies most similar to a galaxy, by image or spectrum, among either."""
    engine = galsearch.open_index(index)
    answer = engine.query(
        target_id, using=using, among=among, k=k, asking=asking, where=where, within=within
    )
    if gallery is not None:
        page = galsearch.write_gallery(
            gallery, [answer], engine=engine, dataset=dataset, asking=asking
        )
        typer.echo(f"gallery: {page}", err=True)
    show_neighbours(answer, form)


def inspect(index: Annotated[Path | None, typer.Argument(help="A build.")] = None) -> None:
    """What a build was made of, when, and how well it answers, as JSON."""
    typer.echo(json.dumps(galsearch.open_index(index).manifest.as_table(), indent=2))


def verify(index: Annotated[Path | None, typer.Argument(help="A build.")] = None) -> None:
    """Recompute every digest and count of a build; exit 1 where one disagrees."""
    typer.echo(str(galsearch.verify(index)))
