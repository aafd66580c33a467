"""Commands that read an index: query, inspect and verify."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.output import Format, Output, json_text

Index = Annotated[
    Path | None,
    typer.Option("--index", help="Directory of an index; default: the one in index_builds/."),
]


class InspectFormat(StrEnum):
    """Forms in which the manifest of an index is printed."""

    SUMMARY = "summary"
    JSON = "json"


class ModalityChoice(StrEnum):
    """One modality, or both together."""

    IMAGE = "image"
    SPECTRUM = "spectrum"
    BOTH = "both"


QUERY_EXAMPLES = """\b
Examples:
  galsearch query --target-id 39627848784286003 --using image --among spectrum
  galsearch query --position "10:00:24.0 +02:12:00" --radius 2 -k 50
  galsearch query --image cutout.fits --where "z < 0.3"
  galsearch query --spectrum spec-0266-51602-0013.fits --among image
  galsearch query --like 39627848784286003,39627848784286010 --unlike 39627848784286011
  galsearch query --target-id 39627848784286003 --min-similarity 0.9 --exclude-within 5
  galsearch query --target-id 39627848784286003 -k 1000 --links --out like.vot
  galsearch query --target-id 39627848784286003 -k 1000 --facets
  galsearch query --queries targets.csv --format jsonl
"""


def query(
    target_id: Annotated[
        str | None,
        typer.Option(
            help="TARGETID of the query galaxy; beside --spectrum, of a galaxy in a DESI file."
        ),
    ] = None,
    position: Annotated[
        str | None,
        typer.Option(
            help="Position of the query galaxy, in degrees or sexagesimal; beside --image, of the "
            "galaxy in the image.",
            metavar='"RA DEC"',
        ),
    ] = None,
    radius: Annotated[
        float, typer.Option(help="Largest distance from the position.", metavar="ARCSEC")
    ] = 3.0,
    name: Annotated[str | None, typer.Option(help="Name of the query galaxy.")] = None,
    names: Annotated[
        Path | None,
        typer.Option(
            help="Table of names and positions; default: the service Sesame.", metavar="FILE"
        ),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(
            help="Image of your own: FITS cutout, brick (with --position), viewer JPEG, .npy.",
            metavar="FILE",
        ),
    ] = None,
    pixel_scale: Annotated[
        float | None,
        typer.Option(help="Pixel scale of a JPEG or .npy; default: 0.262.", metavar="ARCSEC"),
    ] = None,
    spectrum: Annotated[
        str | None,
        typer.Option(
            help="Spectrum of your own: DESI coadd, SDSS spec-*.fits, CSV, ECSV, .npy.",
            metavar="FILE",
        ),
    ] = None,
    air: Annotated[bool, typer.Option(help="The spectrum has wavelengths in air.")] = False,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Encoder of your image or spectrum, a name or file; default: galsearch-small."
        ),
    ] = None,
    like: Annotated[
        list[str] | None,
        typer.Option(help="TARGETIDs of examples, separated by commas; may be repeated."),
    ] = None,
    unlike: Annotated[
        list[str] | None,
        typer.Option(help="TARGETIDs of counter-examples, separated by commas; may be repeated."),
    ] = None,
    vector: Annotated[
        Path | None, typer.Option(help="Embedding of your own (.npy).", metavar="FILE")
    ] = None,
    fingerprint: Annotated[
        str | None, typer.Option(help="Fingerprint of the encoder of that embedding.")
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(
            help="Table with a query in each row: target_id, ra_deg and dec_deg, name, or image "
            "and spectrum.",
            metavar="FILE",
        ),
    ] = None,
    using: Annotated[
        ModalityChoice | None,
        typer.Option(
            help="Which embedding of the query galaxy is used; default: image, or what is given."
        ),
    ] = None,
    among: Annotated[
        ModalityChoice, typer.Option(help="Which embeddings are searched.")
    ] = ModalityChoice.IMAGE,
    k: Annotated[
        int | None,
        typer.Option("-k", help="Number of neighbours; default: 10, or all with --min-similarity."),
    ] = None,
    offset: Annotated[int, typer.Option(help="Number of neighbours to skip.")] = 0,
    min_similarity: Annotated[
        float | None, typer.Option(help="Smallest similarity of a neighbour, -1 to 1.")
    ] = None,
    exclude_within: Annotated[
        float | None,
        typer.Option(
            help="Leave out galaxies this close on the sky to the query galaxy or to a more "
            "similar neighbour.",
            metavar="ARCSEC",
        ),
    ] = None,
    one_per: Annotated[
        str | None,
        typer.Option(help="Find one galaxy for each value of this column.", metavar="COLUMN"),
    ] = None,
    diversity: Annotated[
        float | None,
        typer.Option(
            help="How much neighbours should differ, 0 to 1: each has the largest "
            "(1 - LAMBDA) similarity - LAMBDA (largest cosine with those before).",
            metavar="LAMBDA",
        ),
    ] = None,
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
        Format | None,
        typer.Option("--format", help="Format; default: of the name of --out, or a table."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write instead of printing.", metavar="FILE")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace this file.")] = False,
    links: Annotated[
        bool, typer.Option("--links", help="Add links to image and spectrum of each galaxy.")
    ] = False,
    facets: Annotated[
        bool,
        typer.Option("--facets", help="Count classes and redshifts instead of listing galaxies."),
    ] = False,
    samp: Annotated[
        bool, typer.Option("--samp", help="Also send the galaxies to TOPCAT or Aladin.")
    ] = False,
) -> None:
    """Find the galaxies most similar to a galaxy.

    The galaxy is named by its TARGETID, position or name, or given as an image, a spectrum, an
    embedding or by examples. Its image or spectrum is compared with those of the index.
    """
    inputs = (target_id, position, name, image, spectrum, like, vector, queries)
    if all(given is None for given in inputs):
        raise typer.BadParameter(
            "There is nothing to search for. Give --target-id, --position, --name, --image, "
            "--spectrum, --like, --vector or --queries."
        )
    # Imported here: galsearch.query loads FAISS, which would delay every help text.
    from galsearch.query import read_ids
    from galsearch.query.inputs.own_data.array_file import load_array
    from galsearch.query.inputs.query_words import QueryWords

    allowed = None if ids is None else read_ids(ids, ids_column)
    output = Output(output_format, out, overwrite=overwrite, links=links, facets=facets)
    engine = galsearch.open_index(index)
    words = QueryWords(
        position=position,
        radius=radius,
        name=name,
        names=names,
        image=image,
        pixel_scale=pixel_scale,
        spectrum=spectrum,
        air=air,
        encoder=encoder,
        like=_split(like),
        unlike=_split(unlike),
        vector=None if vector is None else load_array(vector),
        fingerprint=fingerprint,
        using=using,
        among=among,
        k=k,
        offset=offset,
        min_similarity=min_similarity,
        exclude_within=exclude_within,
        one_per=one_per,
        diversity=diversity,
        n_probe=n_probe,
        exact=exact,
        from_embeddings=from_embeddings,
        where=where,
        within=within,
        ids=allowed,
    )
    if queries is not None:
        only = {
            "--target-id": target_id,
            "--gallery": gallery,
            "--out": out,
            "--samp": samp or None,
        }
        _require_table_of_queries(output, [name for name, given in only.items() if given])
        for batch in engine.query_table(queries, **words):
            for each in batch:
                output.show(each)
        return
    neighbours = engine.query(target_id, **words)
    for note in neighbours.notes:
        typer.echo(f"note: {note}", err=True)
    if gallery is not None:
        page = galsearch.write_gallery(
            gallery, [neighbours], engine=engine, dataset=dataset, from_embeddings=from_embeddings
        )
        typer.echo(f"gallery: {page}", err=True)
    output.show(neighbours)
    if samp:
        typer.echo(f"sent to {', '.join(neighbours.send_samp(links=links))}", err=True)


def _require_table_of_queries(output: Output, others: list[str]) -> None:
    """Check that the results of a table of queries can be printed as they come."""
    from galsearch.core.errors import QueryError

    if output.format not in (None, Format.TABLE, Format.JSONL):
        others = [*others, f"--format {output.format}"]
    if others:
        raise QueryError(
            f"{' and '.join(others)} cannot stand beside --queries, whose results are printed one "
            "after another, as --format table or jsonl."
        )


def _split(ids: list[str] | None) -> list[str] | None:
    """TARGETIDs of an option that may be repeated, each time with several between commas."""
    return (
        None if ids is None else [part for text in ids for part in text.replace(",", " ").split()]
    )


def inspect(
    index: Annotated[Path | None, typer.Argument(help="Directory of an index.")] = None,
    output_format: Annotated[
        InspectFormat, typer.Option("--format", help="A summary, or the whole manifest.")
    ] = InspectFormat.SUMMARY,
    provenance: Annotated[
        bool,
        typer.Option("--provenance", help="Show dataset, encoder and survey files instead."),
    ] = False,
) -> None:
    """Show what an index holds and its measured recall."""
    if provenance:
        typer.echo(galsearch.provenance(index))
        return
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
