"""Commands that read an index: query, inspect and verify."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.output import Format, json_text, show_neighbours
from galsearch.core.modality import Modality

Index = Annotated[
    Path | None,
    typer.Option("--index", help="Directory of an index; default: the one in index_builds/."),
]


class InspectFormat(StrEnum):
    """Forms in which the manifest of an index is printed."""

    SUMMARY = "summary"
    JSON = "json"


def query(
    target_id: Annotated[str, typer.Option(help="TARGETID of the query galaxy.")],
    using: Annotated[
        Modality, typer.Option(help="Which embedding of the query galaxy is used.")
    ] = Modality.IMAGE,
    among: Annotated[
        Modality, typer.Option(help="Which embeddings are searched.")
    ] = Modality.IMAGE,
    k: Annotated[int, typer.Option("-k", help="Number of neighbours.")] = 10,
    n_probe: Annotated[
        int | None, typer.Option(help="Inverted lists to probe; default: tuned by the build.")
    ] = None,
    exact: Annotated[bool, typer.Option(help="Compare every stored vector.")] = False,
    index: Index = None,
    from_embeddings: Annotated[
        Path | None,
        typer.Option(
            "--from-embeddings",
            "--from",
            help="Embeddings that hold the query galaxy, if the index does not.",
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(help='Condition on the neighbours, such as "z < 0.3 and mag_r < 19".'),
    ] = None,
    within: Annotated[
        tuple[float, float, float] | None,
        typer.Option(
            help="Cone that neighbours must be in.", metavar="RA_DEG DEC_DEG RADIUS_ARCMIN"
        ),
    ] = None,
    ids: Annotated[
        str | None,
        typer.Option(
            help="File with the TARGETIDs that neighbours may have: text or a table.",
            metavar="FILE",
        ),
    ] = None,
    ids_column: Annotated[
        str | None, typer.Option(help="Column of that table; default: TARGETID.")
    ] = None,
    gallery: Annotated[
        Path | None, typer.Option(help="HTML page with thumbnails and spectra to write.")
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(help="Dataset with the images and spectra, if it has moved.")
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="Format on standard output.")
    ] = Format.TABLE,
) -> None:
    """Find the galaxies most similar to a galaxy.

    The query galaxy's image or spectrum is compared with the images or spectra of the index.
    """
    # Imported here: galsearch.query loads FAISS, which would delay every help text.
    from galsearch.query import read_ids

    allowed = None if ids is None else read_ids(ids, ids_column)
    engine = galsearch.open_index(index)
    neighbours = engine.query(
        target_id,
        using=using,
        among=among,
        k=k,
        n_probe=n_probe,
        exact=exact,
        from_embeddings=from_embeddings,
        where=where,
        within=within,
        ids=allowed,
    )
    if gallery is not None:
        page = galsearch.write_gallery(
            gallery, [neighbours], engine=engine, dataset=dataset, from_embeddings=from_embeddings
        )
        typer.echo(f"gallery: {page}", err=True)
    show_neighbours(neighbours, output_format)


def inspect(
    index: Annotated[Path | None, typer.Argument(help="Directory of an index.")] = None,
    output_format: Annotated[
        InspectFormat, typer.Option("--format", help="A summary, or the whole manifest.")
    ] = InspectFormat.SUMMARY,
) -> None:
    """Show what an index holds and its measured recall."""
    manifest = galsearch.open_index(index).manifest
    if output_format is InspectFormat.JSON:
        typer.echo(json_text(manifest.as_table(), indent=2))
    else:
        typer.echo(manifest.summary())


_DATASET_FILES = ("hats.properties", "partition_info.csv", "sha256sums.txt")


def verify(
    index: Annotated[
        Path | None,
        typer.Argument(help="Directory of an index, of embeddings or of a dataset."),
    ] = None,
) -> None:
    """Check the digests of an index, embeddings or a dataset.

    Every byte is read. The exit status is 1 where something disagrees with what was recorded when
    the files were written.
    """
    if index is None or (index / "manifest.json").exists():
        typer.echo(str(galsearch.verify(index)))
    elif any((index / name).exists() for name in _DATASET_FILES):
        dataset = galsearch.open_dataset(index)
        dataset.verify()
        typer.echo(
            f"{index}: {len(dataset)} galaxies in {len(dataset.partitions)} partitions; every "
            "partition is as it was written."
        )
    elif any(index.glob("*/store.json")) or any(index.glob("*/part-*.parquet")):
        typer.echo(galsearch.verify_embeddings(index))
    else:
        typer.echo(str(galsearch.verify(index)))
