"""AstroCLIP's table of downstream tasks, on any dataset with labels.

    python -m benchmarks.downstream DATASET --encoder galsearch-small --out results.json

The benchmark predicts redshift, stellar mass, age, metallicity and specific star formation rate
from images and from spectra: zero-shot by 64 neighbours on standardised embeddings, and few-shot by
a small MLP. Baselines are trained in the same run on the same galaxies. Morphology is predicted
where it is known, and so are Galaxy Zoo votes of real images. All inputs are checked before any
training. Finished results are stored in --work: an interrupted run continues from there, and a run
with another --encoder uses the baselines again.

With the defaults, 20,000 galaxies take about 45 minutes on one core of an AMD EPYC (AVX-512 with
bfloat16), of which ResNet18 takes 21 (15 epochs of 85 s at 48 x 48 pixels, the central 96 averaged
2 by 2; without averaging an epoch takes 205 s) and Conv+Att 7.

For AstroCLIP's own data set, name the directory of its Parquet shards (EiffL/AstroCLIP at Hugging
Face; galsearch ingest does not read them) and a --label-table with TARGETID, LOG_MSTAR, Z_MW,
TAGE_MW and AVG_SFR of PROVABGS. The published figures are then printed below the measured ones.
"""

import argparse
import datetime
import sys
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress

from benchmarks.downstream.data.evaluation_sample import draw_sample
from benchmarks.downstream.data.labelled_galaxies import open_galaxies
from benchmarks.downstream.downstream_report import tables
from benchmarks.downstream.experiment import measure
from benchmarks.downstream.galaxy_zoo_votes import score_votes
from benchmarks.downstream.models.compared_encoders import ComparedEncoder, open_encoders
from benchmarks.downstream.models.network_fitting import has_fast_bf16
from benchmarks.downstream.models.predictors import Settings
from galsearch.core.errors import ConfigError, GalsearchError
from galsearch.core.modality import Modality
from galsearch.files.atomic import write_json


def main() -> int:
    """Run the downstream benchmark; returns the exit status, 1 after an error of galsearch."""
    arguments = parse(sys.argv[1:])
    try:
        return run(arguments)
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parse(texts: list[str]) -> argparse.Namespace:
    """The options of the downstream benchmark, parsed from the texts of its command line."""
    d = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.downstream", description="Downstream tasks from embeddings."
    )
    add = parser.add_argument
    add(
        "dataset",
        type=Path,
        help="a dataset of galsearch ingest, or AstroCLIP's shards",
    )
    add("--encoder", default="galsearch-small", help="name or file of the aligned encoders")
    add(
        "--before",
        action="append",
        default=[],
        help="file of encoders before alignment",
    )
    add("--modality", action="append", type=Modality, choices=list(Modality), default=[],
        help="modality to measure; default: both")  # fmt: skip
    add("--label", action="append", default=[], metavar="NAME=EXPRESSION",
        help="property and its columns, such as ssfr=log10(sfr)-log10_mass")  # fmt: skip
    add(
        "--label-table",
        action="append",
        default=[],
        help="table of more columns, by TARGETID",
    )
    add("--class-column", help="column with morphological classes")
    add("--flag", action="append", default=None, help="column with a morphological flag, 0 or 1")
    add("--galaxy-zoo", type=Path, help="directory of real images with a CSV file of votes")
    add("--n", type=int, help="largest number of galaxies, chosen at random")
    add("--seed", type=int, default=d.seed, help="seed of all random numbers")
    add("--k", type=int, default=d.k, help="number of neighbours")
    add("--mlp-epochs", type=int, default=d.mlp_epochs, help="epochs of the MLPs")
    add("--resnet-epochs", type=int, default=d.resnet_epochs, help="epochs of ResNet18")
    add("--conv-epochs", type=int, default=d.conv_epochs, help="epochs of Conv+Att")
    add("--image-size", type=int, default=d.image_size, help="side of ResNet18's input, in pixels")
    add(
        "--image-binning",
        type=int,
        default=d.image_binning,
        help="pixels on a side of averaged blocks",
    )
    add("--resnet-shapes", action="store_true", help="train a second ResNet18 on morphology")
    add("--threads", type=int, help="threads of PyTorch; default: its own choice")
    add("--paper", action="store_true", help="print AstroCLIP's published figures too")
    add("--out", type=Path, default=Path(__file__).parents[1] / "results" / "downstream.json",
        help="JSON file of the results")  # fmt: skip
    add("--work", type=Path, help="directory of finished results; default: OUT without .json")
    return parser.parse_args(texts)


def run(arguments: argparse.Namespace) -> int:
    """Check all inputs, run the downstream benchmark, write its results as JSON and print the
    tables; returns the exit status.
    """
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    settings = settings_of(arguments)
    modalities = tuple(m for m in Modality if m in (arguments.modality or list(Modality)))
    galaxies = open_galaxies(arguments.dataset, arguments.label_table)
    sample = draw_sample(
        galaxies,
        modalities=modalities,
        labels=arguments.label,
        class_column=arguments.class_column,
        flags=arguments.flag,
        n=arguments.n,
        seed=arguments.seed,
    )
    encoders = open_encoders(arguments.encoder, arguments.before, modalities, arguments.seed)
    for line in sample.messages:
        print_line(line)
    with Progress(console=Console(stderr=True), transient=True) as bars:
        bar: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in bar:
                bar[stage] = bars.add_task(stage, total=total)
            bars.update(bar[stage], completed=done, total=total, visible=done < total)

        results = measure(
            galaxies,
            sample,
            encoders,
            modalities,
            settings,
            arguments.work or arguments.out.with_suffix(""),
            progress=progress,
            print_line=lambda text: bars.console.print(text, highlight=False),
        )
    results = {
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "name": galaxies.name,
        "published": galaxies.published or arguments.paper,
        "encoder": Path(arguments.encoder).name,
        "threads": torch.get_num_threads(),
        **results,
        "said": list(sample.messages),
        "votes": score_votes(arguments.galaxy_zoo, picture_encoders(encoders)),
    }
    write_json(arguments.out, results, indent=None)
    print(tables(results))
    return 0


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings of the compared models, taken from the options of the command line.

    Raises
    ------
    ConfigError
        Where a value is out of range.
    """
    names = ("k", "mlp_epochs", "resnet_epochs", "conv_epochs", "image_size", "image_binning")
    bad = [name for name in names if getattr(arguments, name) < 1]
    if bad:
        option = bad[0].replace("_", "-")
        raise ConfigError(f"--{option} is {getattr(arguments, bad[0])}; expected 1 or more.")
    if arguments.image_size % arguments.image_binning or arguments.image_size > 152:
        raise ConfigError(
            f"--image-size {arguments.image_size} must be at most 152 and a multiple of "
            f"--image-binning {arguments.image_binning}."
        )
    return Settings(
        seed=arguments.seed,
        resnet_shapes=arguments.resnet_shapes,
        bf16=has_fast_bf16(),
        **{name: getattr(arguments, name) for name in names},
    )


def picture_encoders(encoders: list[ComparedEncoder]) -> dict[str, Any]:
    """The image encoders by name, each as the function that embeds images and the size of its
    images in pixels.
    """
    found = {}
    for compared in encoders:
        section = compared.encoder.config.image
        if compared.modality is Modality.IMAGE and section is not None:
            found[compared.name] = (compared.encoder.embed, section.image_size)
    return found


def print_line(text: str) -> None:
    """Print a line on stderr."""
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
