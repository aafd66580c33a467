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

MAP_EXAMPLES = """\b
Examples:
  galsearch map index_builds/demo --png map.png
  galsearch map index_builds/demo --using spectrum --png map.png --colour-by log10_ssfr
  galsearch map index_builds/demo --out map.parquet
  galsearch map index_builds/demo --refit --n-fit 100000 --seed 1
"""


class InspectFormat(StrEnum):
    """Forms in which the manifest of an index is printed."""

    SUMMARY = "summary"
    JSON = "json"


def add(
    embeddings: Annotated[Path, typer.Argument(help="Directory that `galsearch embed` wrote.")],
    index: Index = None,
) -> None:
    """Add galaxies to an index.

    New galaxies are coded with the quantisers that the index was trained with.
    """
    with progress_bars() as progress:
        manifest = galsearch.add(embeddings, index=index, progress=progress)
    typer.echo(str(manifest))


def remove(
    target_ids: Annotated[list[str], typer.Argument(help="TARGETIDs.", metavar="TARGETID...")],
    index: Index = None,
) -> None:
    """Remove galaxies from an index.

    Removed galaxies are never found again. `galsearch compact` frees their space.
    """
    typer.echo(str(galsearch.remove(target_ids, index=index)))


def compact(
    index: Annotated[Path | None, typer.Argument(help="Directory of an index.")] = None,
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
        typer.Argument(help="Indexes with the same trained quantisers (built with --quantisers)."),
    ],
    out: Annotated[Path, typer.Option(help="Directory to write the merged index into.")],
    overwrite: Annotated[bool, typer.Option(help="Replace an index that is there.")] = False,
) -> None:
    """Merge indexes that share trained quantisers."""
    with progress_bars() as progress:
        manifest = galsearch.merge(parts, out=out, overwrite=overwrite, progress=progress)
    typer.echo(str(manifest))


def draw_map(
    index: Annotated[Path | None, typer.Argument(help="Directory of an index.")] = None,
    using: Annotated[
        Modality | None,
        typer.Option(help="Which embeddings are shown; default: image, or those of the index."),
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Picture of the map to write.")] = None,
    colour_by: Annotated[
        str | None,
        typer.Option(help="Column that colours the picture; default: z, - for the density."),
    ] = None,
    output_format: Annotated[
        Format | None,
        typer.Option("--format", help="Print the columns; default: a summary, or that of --out."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File of the columns to write.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the files that are written.")] = False,
    refit: Annotated[bool, typer.Option(help="Fit the map anew, where there is one.")] = False,
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
    output = Output(output_format, out, overwrite)
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
