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
    batch_size: Annotated[int, typer.Option(help="Galaxies embedded at a time.")] = 64,
    precision: Annotated[
        Precision,
        typer.Option(help="Numerical precision; int8 and bf16 are checked against fp32 first."),
    ] = Precision.FP32,
) -> None:
    """Compute embeddings of a dataset.

    Every image and every spectrum becomes one unit vector in Parquet shards. An interrupted run
    continues where it stopped.
    """
    agreements: list[galsearch.encoders.Agreement] = []
    pair = galsearch.encoders.load(encoder, precision=precision.value, report=agreements.append)
    with progress_bars() as progress:
        report = galsearch.embed_dataset(
            dataset, out, encoder=pair, batch_size=batch_size, progress=progress
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
