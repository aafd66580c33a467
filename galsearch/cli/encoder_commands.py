"""Commands that use the encoders: embed a dataset, convert a published checkpoint."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.progress_bars import progress_bars


class Precision(StrEnum):
    """Numerical precision of the encoders' matrix products."""

    FP32 = "fp32"
    INT8 = "int8"
    BF16 = "bf16"


def embed(
    dataset: Annotated[Path, typer.Argument(help="Directory that `galsearch ingest` wrote.")],
    out: Annotated[Path, typer.Argument(help="Directory to write the embeddings into.")],
    encoder: Annotated[
        str, typer.Option(help="Name of shipped weights, or a .safetensors file.")
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
    out: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
    config: Annotated[
        Path | None, typer.Option(help="JSON file with other layer sizes than the published ones.")
    ] = None,
) -> None:
    """Convert a published AstroCLIP checkpoint.

    The tensors are read without running any code of the checkpoint, and written as safetensors.
    """
    written = galsearch.encoders.convert_checkpoint(path, out, config=config)
    typer.echo(str(written))
