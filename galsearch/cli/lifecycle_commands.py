"""Commands on an index as a whole: add, remove, compact, merge, map, inspect and verify."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.output import Format, Output, json_text
from galsearch.cli.progress_bars import progress_bars
from galsearch.cli.queries.query_options import Index
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.index.provenance.directory_kind import DirectoryKind, directory_kind

ADD_EXAMPLES = """\b
Examples:
  galsearch add new_embeddings
  galsearch add new_embeddings --index index_builds/mine
"""
REMOVE_EXAMPLES = """\b
Examples:
  galsearch remove 39627848784286003
  galsearch remove 39627848784286003 39627848784286010 --index index_builds/mine
"""
COMPACT_EXAMPLES = """\b
Examples:
  galsearch compact
  galsearch compact index_builds/mine
"""
MERGE_EXAMPLES = """\b
Examples:
  galsearch merge part1_index part2_index --out index_builds/whole
"""
INSPECT_EXAMPLES = """\b
Examples:
  galsearch inspect
  galsearch inspect index_builds/mine --format json
  galsearch inspect index_builds/mine --provenance
"""
VERIFY_EXAMPLES = """\b
Examples:
  galsearch verify
  galsearch verify index_builds/mine
  galsearch verify demo/dataset --sources
"""
MAP_EXAMPLES = """\b
Examples:
  galsearch map index_builds/demo --png map.png
  galsearch map index_builds/demo --using spectrum --png map.png --colour-by log10_ssfr
  galsearch map index_builds/demo --out map.parquet
  galsearch map index_builds/demo --refit --n-fit 100000 --seed 1
"""


IndexArgument = Annotated[
    Path | None,
    typer.Argument(
        help="Directory of an index; default: the one in index_builds/.", metavar="INDEX"
    ),
]


class InspectFormat(StrEnum):
    """Forms in which the manifest of an index is printed."""

    SUMMARY = "summary"
    JSON = "json"


def add(
    embeddings: Annotated[
        Path,
        typer.Argument(
            help="Directory that `galsearch embed` or `import-embeddings` wrote, of the encoder of "
            "the index.",
            metavar="EMBEDDINGS",
        ),
    ],
    index: Index = None,
) -> None:
    """Add galaxies to an index.

    Nothing is trained anew: the new galaxies are stored with the quantisers of the index. Programs
    that have the index open keep its earlier state.
    """
    with progress_bars() as progress:
        manifest = galsearch.add(embeddings, index=index, progress=progress)
    typer.echo(str(manifest))


def remove(
    target_ids: Annotated[
        list[str],
        typer.Argument(help="TARGETIDs of the galaxies.", metavar="TARGETID..."),
    ],
    index: Index = None,
) -> None:
    """Remove galaxies from an index.

    Removed galaxies are never found again. `galsearch compact` frees their space.
    """
    typer.echo(str(galsearch.remove(target_ids, index=index)))


def compact(
    index: IndexArgument = None,
) -> None:
    """Rewrite an index without its removed galaxies.

    Later additions are joined with the first galaxies, and recall is measured again.
    """
    with progress_bars() as progress:
        manifest = galsearch.compact(index, progress=progress)
    typer.echo(str(manifest))


def merge(
    parts: Annotated[
        list[Path],
        typer.Argument(
            help="Directories of indexes with the same trained quantisers: "
            "one, and those that were "
            "built with it as --quantisers.",
            metavar="INDEX...",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Directory to write the merged index into.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an index that is there.")
    ] = False,
) -> None:
    """Merge indexes that share trained quantisers.

    So the parts of a large survey can be built by several machines. The parts are not changed, and
    no galaxy may be in two of them.
    """
    with progress_bars() as progress:
        manifest = galsearch.merge(parts, out=out, overwrite=overwrite, progress=progress)
    typer.echo(str(manifest))


def draw_map(
    index: IndexArgument = None,
    using: Annotated[
        Modality | None,
        typer.Option(help="Which embeddings are shown; default: image, or those of the index."),
    ] = None,
    png: Annotated[
        Path | None, typer.Option(help="Picture of the map to write.", metavar="FILE")
    ] = None,
    colour_by: Annotated[
        str | None,
        typer.Option(help="Column that colours the picture; default: z. - colours by density."),
    ] = None,
    output_format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="Print the positions of all galaxies; default: a summary, or the format of --out.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write the positions of all galaxies into.", metavar="FILE"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the files of --png and --out.")
    ] = False,
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit the map anew, where there is one.")
    ] = False,
    n_fit: Annotated[
        int | None, typer.Option(help="Galaxies that a new map is fitted to; default: 30,000.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of a new map; default: 0.")] = None,
) -> None:
    """Map the galaxies of an index in two dimensions.

    The first call fits the map (UMAP) and stores it with the index. Later calls place galaxies
    that were added since; all others keep their positions.
    """
    if colour_by is not None and png is None:
        raise QueryError("colour_by colours a picture; png names no file.")
    output = Output(output_format, out, overwrite, picture=png)
    with progress_bars() as progress:
        drawn = galsearch.embedding_map(
            index, using=using, n_fit=n_fit, seed=seed, refit=refit, progress=progress
        )
    if png is not None:
        shown = {None: "z", "-": None}.get(colour_by, colour_by)
        drawn.write_png(png, colour_by=shown, overwrite=overwrite)
    if output.format in (None, Format.TABLE):
        output.put_text(f"{drawn}\n")
    else:
        table = drawn.to_arrow()
        output.put_table(table.schema, [table])


def inspect(
    index: IndexArgument = None,
    output_format: Annotated[
        InspectFormat, typer.Option("--format", help="A summary, or the whole manifest.")
    ] = InspectFormat.SUMMARY,
    provenance: Annotated[
        bool,
        typer.Option(
            "--provenance",
            help="Show embeddings, encoder, dataset and survey files instead, also for a directory "
            "of embeddings or a dataset.",
        ),
    ] = False,
) -> None:
    """Show what an index holds and its measured recall.

    The recall is the share of the true nearest neighbours that a search finds, by direction:
    modality of the query, modality that is searched.
    """
    if provenance:
        found = galsearch.provenance(index)
        is_json = output_format is InspectFormat.JSON
        typer.echo(json_text(found.as_table(), indent=2) if is_json else str(found))
        return
    manifest = galsearch.open_index(index).manifest
    if output_format is InspectFormat.JSON:
        typer.echo(json_text(manifest.as_table(), indent=2))
    else:
        typer.echo(manifest.summary())


def verify(
    index: Annotated[
        Path | None,
        typer.Argument(
            help="Directory of an index, of embeddings or of a dataset; default: the index in "
            "index_builds/.",
            metavar="DIRECTORY",
        ),
    ] = None,
    sources: Annotated[
        bool,
        typer.Option(
            "--sources",
            help="Read the survey files too, and ask servers for ETags; default: compare sizes.",
        ),
    ] = False,
) -> None:
    """Check the digests of an index, embeddings or dataset.

    Every byte of the directory is read. Of what it was made from, the records are compared: verify
    its embeddings and its dataset themselves to read their bytes. The exit status is 1 where
    something disagrees.
    """
    kind = DirectoryKind.INDEX if index is None else directory_kind(index)
    if index is None or kind is DirectoryKind.INDEX:
        text = str(galsearch.verify(index))
    elif kind is DirectoryKind.EMBEDDINGS:
        text = galsearch.verify_embeddings(index)
    else:
        dataset = galsearch.open_dataset(index)
        dataset.verify()
        text = (
            f"{index}: {len(dataset)} galaxies in {len(dataset.partitions)} partitions; every "
            "partition is as it was written."
        )
    origin = galsearch.provenance(index, read=sources)
    typer.echo(f"{text}\n{origin.summary()}")
    origin.require_match()
