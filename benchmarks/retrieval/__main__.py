"""Recall of a galaxy's own spectrum from its image, and of its own image from its spectrum.

    python -m benchmarks.retrieval EMBEDDINGS --split test --pool 2000 --baselines --parameter-model

Each galaxy of the split is a query, and its partner in the other modality is searched for among
the candidates of a pool, by cosine. Random pools are only one test. Harder tests are: the whole
split; candidates that all have the query galaxy's redshift within 0.005, among which the redshift
no longer helps; and hubness, the degree to which a few candidates appear among the ten nearest of
almost all queries, with and without two corrections learnt from other splits.

`--baselines` trains the same head on random features and on plain features (15 aperture
magnitudes, 38 flux bins). The plain features are by far the stronger baseline: see
`plain_features.py`. `--parameter-model` computes the expected recall of a statistical model with 17
parameters; it is not an upper bound: see `parameter_model.py`.

Figures and histograms of ranks go to `benchmarks/results/retrieval.json`; the tables are computed
from that file.
"""

import argparse
import datetime
import sys
from pathlib import Path
from typing import Any

import torch

from benchmarks.retrieval.learnt_rankings import measure_learnt
from benchmarks.retrieval.paired_embeddings import read_bank, read_pairs
from benchmarks.retrieval.ranks import draw_pools
from benchmarks.retrieval.retrieval_metrics import measure
from benchmarks.retrieval.retrieval_report import table
from galsearch.core.errors import DatasetError, GalsearchError
from galsearch.files.atomic import write_json


def main() -> int:
    """Measure cross-modal retrieval of the embeddings that the command line names; returns the exit
    status.
    """
    try:
        return run(parse(sys.argv[1:]))
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parse(texts: list[str]) -> argparse.Namespace:
    """The options of the retrieval benchmark, parsed from the texts of its command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval",
        description="Cross-modal retrieval of a galaxy's own partner.",
    )
    add = parser.add_argument
    add("embeddings", type=Path, help="directory that galsearch embed wrote")
    add("--split", default="test", choices=("train", "validation", "test"))
    add("--pool", type=int, default=2000, help="candidates in a random pool")
    add("--pools", type=int, default=20, help="number of random pools")
    add("--seed", type=int, default=1, help="seed of pools, random features and sampled errors")
    add("--bank", type=int, default=4000, help="galaxies of other splits to learn hubness from")
    add("--baselines", action="store_true", help="measure random and plain features as well")
    add(
        "--parameter-model",
        action="store_true",
        help="measure the expected recall of a statistical model of the shared parameters",
    )
    add("--dataset", type=Path, help="dataset of the images and spectra; default: the embedded one")
    add("--train", type=int, default=20000, help="most training galaxies of heads and regressors")
    add("--head-epochs", type=int, default=40, help="training epochs of the baselines' heads")
    add("--regressor-epochs", type=int, default=20, help="epochs of the parameter regressors")
    add("--threads", type=int, help="default: PyTorch's own choice")
    add("--out", type=Path, default=Path(__file__).parents[1] / "results" / "retrieval.json")
    add("--work", type=Path, help="directory that caches features; default: OUT without .json")
    return parser.parse_args(texts)


def run(arguments: argparse.Namespace) -> int:
    """Measure cross-modal retrieval, write the results and print the tables; returns the exit
    status.

    Raises
    ------
    DatasetError
        Where baselines or the parameter model are requested for a split that they learn from.
    """
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    needs_training = arguments.baselines or arguments.parameter_model
    if needs_training and arguments.split != "test":
        raise DatasetError(
            "--baselines and --parameter-model learn from train and validation galaxies; measure "
            "--split test."
        )
    pairs = read_pairs(arguments.embeddings, arguments.split)
    bank = read_bank(arguments.embeddings, arguments.split, arguments.bank, arguments.seed)
    pools = draw_pools(len(pairs), arguments.pool, arguments.pools, arguments.seed)
    results: dict[str, Any] = {
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "split": arguments.split,
        "n": len(pairs),
        "n_bank": len(bank),
        "pool": len(pools[0]),
        "n_pools": len(pools),
        "fingerprint": pairs.fingerprint,
        "seed": arguments.seed,
        "directions": measure(pairs, bank, pools),
    }
    if needs_training:
        results |= measure_learnt(arguments, pools)
    write_json(arguments.out, results, indent=None)
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
