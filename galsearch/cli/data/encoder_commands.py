"""Commands on embeddings and encoders: embed, import, export, convert a checkpoint."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.progress_bars import progress_bars

EMBED_EXAMPLES = """\b
Examples:
  galsearch embed dataset embeddings
  galsearch embed dataset embeddings --device cuda --batch-size 1024
  galsearch embed dataset embeddings --encoder astroclip.safetensors --precision fp32
"""
IMPORT_EXAMPLES = """\b
Examples:
  galsearch import-embeddings mine --encoder mymodel-1.2 --images vectors.parquet
  galsearch import-embeddings mine --encoder mymodel-1.2 --images a.fits --spectra b.fits \\
      --catalogue catalogue.fits --id-column TARGETID
  galsearch import-embeddings mine --encoder mymodel-1.2 --images "part-*.parquet" \\
      --image-column "feat_*" --ids-from-positions
"""
CONVERT_EXAMPLES = """\b
Examples:
  galsearch convert-checkpoint astroclip.ckpt astroclip.safetensors
  galsearch convert-checkpoint small.ckpt small.safetensors --config sizes.json
"""
EXPORT_EXAMPLES = """\b
Examples:
  galsearch export hats embeddings collection
  galsearch export hats embeddings collection --name desi_dr1_embeddings
  galsearch export lance embeddings vectors
  galsearch export milvus embeddings http://localhost:19530 --name desi_dr1
"""


class ExportKind(StrEnum):
    """The form in which embeddings are exported."""

    HATS = "hats"
    LANCE = "lance"
    QDRANT = "qdrant"
    MILVUS = "milvus"


class Precision(StrEnum):
    """Numerical precision of the encoders' matrix products."""

    FP32 = "fp32"
    INT8 = "int8"
    BF16 = "bf16"


def embed(
    dataset: Annotated[
        Path, typer.Argument(help="Directory that `galsearch ingest` wrote.", metavar="DATASET")
    ],
    out: Annotated[
        Path, typer.Argument(help="Directory to write the embeddings into.", metavar="OUT")
    ],
    encoder: Annotated[
        str,
        typer.Option(help="galsearch-small, which comes with galsearch, or a .safetensors file."),
    ] = "galsearch-small",
    device: Annotated[
        str | None,
        typer.Option(
            help="auto (a GPU where there is one), cpu, cuda or cuda:N; several such as "
            "cuda:0,cuda:1 share the work. Default: auto.",
            show_default=False,
        ),
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(
            help="Numerical precision; int8 and bf16 are checked against fp32 first. Default: "
            "fp32 on a CPU, bf16 on a GPU.",
            show_default=False,
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            help="Galaxies embedded at a time. Default: 64 on a CPU; on a GPU by its free memory.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Compute embeddings of a dataset.

    Every image and every spectrum becomes one unit vector in Parquet shards. An interrupted run
    continues where it stopped.
    """
    agreements: list[galsearch.encoders.Agreement] = []
    with progress_bars() as progress:
        report = galsearch.embed_dataset(
            dataset,
            out,
            encoder=encoder,
            device=device,
            precision=None if precision is None else precision.value,
            batch_size=batch_size,
            progress=progress,
            report=agreements.append,
        )
    for agreement in agreements:
        typer.echo(str(agreement), err=True)
    typer.echo(str(report))


def convert_checkpoint(
    path: Annotated[Path, typer.Argument(metavar="IN", help="A published .ckpt or .pt file.")],
    out: Annotated[
        Path,
        typer.Argument(help="The .safetensors file to write.", metavar="OUT"),
    ],
    config: Annotated[
        Path | None, typer.Option(help="JSON file with other layer sizes than the published ones.")
    ] = None,
) -> None:
    """Convert a published AstroCLIP checkpoint.

    The tensors are read without running any code of the checkpoint, and written as safetensors.
    """
    written = galsearch.encoders.convert_checkpoint(path, out, config=config)
    typer.echo(str(written))


def import_embeddings(
    out: Annotated[
        Path, typer.Argument(help="Directory to write the embeddings into.", metavar="OUT")
    ],
    encoder: Annotated[
        str, typer.Option(help="Name of the model, with its version.", metavar="NAME")
    ],
    images: Annotated[
        list[str] | None,
        typer.Option(
            help="Table of image embeddings: path, URL or pattern, or a HATS catalogue.",
            metavar="FILE",
        ),
    ] = None,
    spectra: Annotated[
        list[str] | None,
        typer.Option(
            help="Table of spectrum embeddings: path, URL or pattern, or a HATS catalogue.",
            metavar="FILE",
        ),
    ] = None,
    catalogue: Annotated[
        list[str] | None,
        typer.Option(help="Table with TARGETID, positions and more columns.", metavar="FILE"),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(help="Column of ids; default: target_id, TARGETID, object_id or specid."),
    ] = None,
    image_column: Annotated[
        str | None,
        typer.Option(help="Column of image vectors, or a pattern of columns, such as 'feat_*'."),
    ] = None,
    spectrum_column: Annotated[
        str | None,
        typer.Option(help="Column of spectrum vectors, or a pattern of columns."),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            help="Columns that the index shall have for results and conditions, between commas; "
            "default: all with one value in a row."
        ),
    ] = None,
    ids_from_positions: Annotated[
        bool,
        typer.Option(
            "--ids-from-positions",
            help="Make ids from the positions, where the tables have no TARGETIDs.",
        ),
    ] = False,
    skip_bad_rows: Annotated[
        bool,
        typer.Option("--skip-bad-rows", help="Leave out rows that cannot be used; count them."),
    ] = False,
) -> None:
    """Import embeddings that another model made.

    Tables in Parquet, Arrow, FITS or HDF5 with ids and vectors become embeddings from which an
    index is built, as from those of `galsearch embed`. Each model has its own directory and index.
    """
    with progress_bars() as progress:
        report = galsearch.import_embeddings(
            out,
            encoder=encoder,
            images=images,
            spectra=spectra,
            catalogue=catalogue,
            id_column=id_column,
            image_column=image_column,
            spectrum_column=spectrum_column,
            columns=None if columns is None else [name.strip() for name in columns.split(",")],
            ids_from_positions=ids_from_positions,
            skip_bad_rows=skip_bad_rows,
            progress=progress,
        )
    typer.echo(str(report))


def export(
    kind: Annotated[
        ExportKind,
        typer.Argument(
            help="hats: a collection of HATS catalogues, which LSDB opens; lance, qdrant or "
            "milvus: a database of LanceDB, Qdrant or Milvus.",
            metavar="KIND",
        ),
    ],
    embeddings: Annotated[
        Path,
        typer.Argument(
            help="Directory that `galsearch embed` or `import-embeddings` wrote.",
            metavar="EMBEDDINGS",
        ),
    ],
    out: Annotated[
        str,
        typer.Argument(
            help="Directory to write; for qdrant and milvus also the URL of a server.",
            metavar="OUT",
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of a collection, by default that of OUT; first part of the names of tables "
            "of a database, by default galaxies."
        ),
    ] = None,
) -> None:
    """Export embeddings and their catalogue for other tools.

    A HATS collection holds the catalogue, and the vectors of each modality as an extension that is
    joined to it by TARGETID: `lsdb.open_catalog("collection")` gives the galaxies, and
    `.load_extension("image_embeddings")` of them adds the image vectors. Cone searches and
    cross-matches with other catalogues are those of LSDB. A database has a table for each modality,
    whose rows have TARGETID, columns of the catalogue and vector; `galsearch.open_index` opens it.
    """
    with progress_bars() as progress:
        if kind is ExportKind.HATS:
            done = str(galsearch.export_hats(embeddings, out, name=name, progress=progress))
        else:
            done = str(
                galsearch.export_database(embeddings, kind.value, out, name=name, progress=progress)
            )
    typer.echo(done)
