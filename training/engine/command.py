"""The command line that the three training stages share."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from galsearch.cli.command_signals import signals_end_in_order
from galsearch.core.errors import GalsearchError
from galsearch.dataset import open_dataset
from galsearch.encoders.encoder_config import ModelConfig
from training.engine.processes import Processes, check_batch, start_processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import StageConfig, read_stage_config

C = TypeVar("C", bound=StageConfig)


def run_stage(
    stage: str,
    kind: type[C],
    architectures: Mapping[str, ModelConfig],
    train: Callable[[C, Any, RunDirectory, Processes], Path],
    summary: str,
    open_data: Callable[[Path], Any] | None = None,
) -> None:
    """Run a training stage with the options of the command line, and print the path of its encoder.

    An error of galsearch is printed as one message, and the command ends with status 1.

    Parameters
    ----------
    stage
        Name of the stage's module, such as `alignment`.
    kind
        Class of the stage's config.
    architectures
        Sizes of the model for each value of the config's `architecture`.
    train
        Trains the stage and returns the path of the best encoder.
    summary
        One sentence for `--help`.
    open_data
        Opens the directory of the training data; by default that of a dataset.
    """
    parser = argparse.ArgumentParser(prog=f"python -m training.{stage}", description=summary)
    parser.add_argument(
        "config",
        type=Path,
        nargs="?",
        help=f"TOML file with the settings, such as training/configs/{stage}/small.toml; not "
        "needed to continue a run, which has saved its own",
    )
    parser.add_argument(
        "--dataset",
        type=Path,
        required=True,
        help="directory of the training data, from galsearch ingest or training.exposures",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="directory of the run; a run that exists there is continued",
    )
    arguments = parser.parse_args()
    with (
        errors_as_messages(),
        signals_end_in_order(),
        start_processes() as processes,
        ExitStack() as stack,
    ):
        directory = RunDirectory(arguments.out, stage)
        # The first process writes the files, so it holds the lock for all of them.
        stack.enter_context(directory.locked() if processes.is_first else nullcontext())
        requested = arguments.config and read_stage_config(arguments.config, kind, architectures)
        config = directory.choose_config(kind, requested, arguments.config)
        check_batch(config.batch_size, config.accumulate, processes)
        path = train(config, (open_data or open_dataset)(arguments.dataset), directory, processes)
        if processes.is_first:
            print(path)


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """A context in which an error of galsearch becomes one message on stderr and exit status 1."""
    try:
        yield
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
