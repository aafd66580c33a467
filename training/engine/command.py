"""The command line of a stage: a config, a dataset, a directory; one message for an error."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from galsearch.core.errors import GalsearchError
from galsearch.dataset import Dataset, open_dataset
from galsearch.encoders.encoder_config import ModelConfig
from training.engine.processes import Processes, check_batch, started
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import StageConfig, read_stage_config

C = TypeVar("C", bound=StageConfig)


def run_stage(
    stage: str,
    kind: type[C],
    architectures: Mapping[str, ModelConfig],
    train: Callable[[C, Dataset, RunDirectory, Processes], Path],
    about: str,
) -> None:
    """Parse, train, print the encoder's path; an error of ours is a message and status 1."""
    parser = argparse.ArgumentParser(prog=f"python -m training.{stage}", description=about)
    parser.add_argument(
        "config",
        type=Path,
        nargs="?",
        help=f"a TOML file, such as training/configs/{stage}/small.toml; a run that is continued "
        "has its own",
    )
    parser.add_argument("--dataset", type=Path, required=True, help="what galsearch ingest wrote")
    parser.add_argument("--out", type=Path, required=True, help="directory of the run")
    arguments = parser.parse_args()
    with errors_as_messages(), started() as processes:
        place = RunDirectory(arguments.out, stage)
        asked = arguments.config and read_stage_config(arguments.config, kind, architectures)
        config = place.choose_config(kind, asked, arguments.config)
        check_batch(config.batch_size, config.accumulate, processes)
        path = train(config, open_dataset(arguments.dataset), place, processes)
        if processes.is_first:
            print(path)


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """An error of ours is one message on stderr and status 1."""
    try:
        yield
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
