"""Simulate objects with two exposures each, in the compact form that an alignment trains on.

    python -m training.exposures OUT --n 300000 --workers 2

Nothing is written in FITS. The command can be interrupted and repeated: finished chunks of 200
objects are kept. The same seed gives the same files, whatever the number of processes.
"""

import argparse
from pathlib import Path

from galsearch.cli.command_signals import signals_end_in_order
from galsearch.cli.progress_bars import progress_bars
from training.engine.command import errors_as_messages
from training.exposures.exposure_set import simulate_exposure_set


def main(texts: list[str] | None = None) -> None:
    """Simulate a set of exposures with the options of the command line."""
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m training.exposures", description=summary)
    parser.add_argument("out", type=Path, help="directory of the set; one that exists is continued")
    parser.add_argument("--n", type=int, default=20_000, help="number of objects (20,000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers (1)")
    parser.add_argument("--workers", type=int, default=2, help="number of processes (2)")
    parser.add_argument(
        "--ordinary-share",
        type=float,
        default=0.0,
        help="share of the exposures, 0 to 1, that are taken in ordinary conditions (0)",
    )
    arguments = parser.parse_args(texts)
    with errors_as_messages(), signals_end_in_order(), progress_bars() as progress:
        n = simulate_exposure_set(
            arguments.out,
            n=arguments.n,
            seed=arguments.seed,
            workers=arguments.workers,
            ordinary_share=arguments.ordinary_share,
            progress=progress,
        )
    print(f"{n} objects with two exposures each in {arguments.out}")


if __name__ == "__main__":
    main()
