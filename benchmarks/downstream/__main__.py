"""What the embeddings know: AstroCLIP's table, on any dataset with labels.

    python -m benchmarks.downstream DATASET --encoder galsearch-small --out results.json

Redshift, stellar mass, age, metallicity and specific star formation from image and from
spectrum: zero-shot by 64 neighbours on standardised embeddings, few-shot by a small MLP; beside
baselines that are trained in the same run on the same galaxies. Shapes where they are known, and
Galaxy Zoo votes of real images. Everything is checked before anything is trained; what is
finished is kept in --work, and a run that was interrupted goes on from there; so does one with
another --encoder, which finds the baselines trained.

With the defaults, 20,000 galaxies take one core of an AMD EPYC (AVX-512 with bfloat16) about 45
minutes, of which ResNet18 has 21 (15 epochs of 85 s at 48 x 48 pixels, the central 96 averaged 2
by 2; unaveraged an epoch takes 205 s) and Conv+Att 7.

AstroCLIP's own data set: name the directory of its parquet shards (EiffL/AstroCLIP at Hugging
Face; galsearch ingest does not read them) and a --label-table with TARGETID, LOG_MSTAR, Z_MW,
TAGE_MW and AVG_SFR of PROVABGS. Its published figures are then printed below ours.
"""

import argparse
import datetime
import json
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
from galsearch.files.atomic import new_file


def main() -> int:
    """Measure what the command line names."""
    arguments = parse(sys.argv[1:])
    try:
        return run(arguments)
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parse(texts: list[str]) -> argparse.Namespace:
    """The command line."""
    d = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.downstream", description="Downstream tasks from embeddings."
    )
    add = parser.add_argument
    add("dataset", type=Path, help="what galsearch ingest wrote, or AstroCLIP's parquet shards")
    add("--encoder", default="galsearch-small", help="aligned encoders: a name or a file")
    add("--before", action="append", default=[], help="a file of towers before alignment")
    add("--modality", action="append", type=Modality, choices=list(Modality), default=[])
    add("--label", action="append", default=[], metavar="NAME=EXPRESSION",
        help="such as ssfr=log10(sfr)-log10_mass")  # fmt: skip
    add("--label-table", action="append", default=[], help="a table with TARGETID: more columns")
    add("--class-column", help="a column of classes of shape")
    add("--flag", action="append", default=None, help="a column of 0 and 1")
    add("--galaxy-zoo", type=Path, help="folder of real pictures with a CSV of votes")
    add("--n", type=int, help="at most so many galaxies, drawn at random")
    add("--seed", type=int, default=d.seed)
    add("--k", type=int, default=d.k, help="neighbours")
    add("--mlp-epochs", type=int, default=d.mlp_epochs)
    add("--resnet-epochs", type=int, default=d.resnet_epochs)
    add("--conv-epochs", type=int, default=d.conv_epochs)
    add("--image-size", type=int, default=d.image_size, help="central pixels ResNet18 sees")
    add("--image-binning", type=int, default=d.image_binning, help="pixels a side averaged to one")
    add("--resnet-shapes", action="store_true", help="train a second ResNet18 on shapes")
    add("--threads", type=int, help="default: PyTorch's own choice")
    add("--paper", action="store_true", help="print AstroCLIP's figures beside ours")
    add("--out", type=Path, default=Path(__file__).parents[1] / "results" / "downstream.json")
    add("--work", type=Path, help="what is finished is kept here; default: OUT without .json")
    return parser.parse_args(texts)


def run(arguments: argparse.Namespace) -> int:
    """Check, measure, write, print."""
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
    towers = open_encoders(arguments.encoder, arguments.before, modalities, arguments.seed)
    for line in sample.said:
        say(line)
    with Progress(console=Console(stderr=True), transient=True) as bars:
        bar: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in bar:
                bar[stage] = bars.add_task(stage, total=total)
            bars.update(bar[stage], completed=done, total=total, visible=done < total)

        results = measure(
            galaxies,
            sample,
            towers,
            modalities,
            settings,
            arguments.work or arguments.out.with_suffix(""),
            progress=progress,
            say=lambda text: bars.console.print(text, highlight=False),
        )
    results = {
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "name": galaxies.name,
        "published": galaxies.published or arguments.paper,
        "encoder": Path(arguments.encoder).name,
        "threads": torch.get_num_threads(),
        **results,
        "said": list(sample.said),
        "votes": score_votes(arguments.galaxy_zoo, of_images(towers)),
    }
    with new_file(arguments.out) as temporary:
        temporary.write_text(json.dumps(results) + "\n", encoding="utf-8")
    print(tables(results))
    return 0


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Numbers that make sense, or an error that names the one that does not."""
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


def of_images(towers: list[ComparedEncoder]) -> dict[str, Any]:
    """What embeds real pictures and how many pixels it sees, by name."""
    seers = {}
    for tower in towers:
        section = tower.encoder.config.image
        if tower.modality is Modality.IMAGE and section is not None:
            seers[tower.name] = (tower.encoder.embed, section.image_size)
    return seers


def say(text: str) -> None:
    """A line for people, on stderr."""
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
