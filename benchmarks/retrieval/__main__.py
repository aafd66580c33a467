"""How often a galaxy's image finds its spectrum, and its spectrum its image.

    python -m benchmarks.retrieval EMBEDDINGS --split test --pool 2000 --generic --bound

Each galaxy of the split asks for its own partner among the candidates of a pool, by cosine.
Beside random pools stand harder questions: the whole split; candidates that all have the asking
galaxy's redshift within 0.005 (what is left when knowing the redshift no longer helps); and
hubness, how unevenly candidates appear among the ten nearest, with and without two corrections
learnt from other splits. `--generic` trains a head on towers of random features, `--bound` tells
what a ranking by the true shared parameters would recall; see `generic.py` and `bound.py`.

Figures and histograms of ranks go to `benchmarks/results/`; the tables are computed from it.
"""

import argparse
import datetime
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import Progress

from benchmarks.downstream.data.labelled_galaxies import open_galaxies
from benchmarks.downstream.result_cache import ResultCache
from benchmarks.retrieval import bound as bounds
from benchmarks.retrieval import generic as generics
from benchmarks.retrieval.pairs import (
    Ints,
    Pairs,
    catalogue_of,
    dataset_of,
    read_all,
    read_bank,
    read_pairs,
)
from benchmarks.retrieval.plain_features import N_FIBRE
from benchmarks.retrieval.ranks import draw_pools
from benchmarks.retrieval.retrieval_metrics import CROSS, measure, questions
from benchmarks.retrieval.retrieval_report import table
from galsearch.core.errors import DatasetError, GalsearchError
from galsearch.core.modality import Modality
from galsearch.dataset import split_of
from galsearch.files.atomic import new_file

Report = Callable[[str, int, int], None]
MEASURED = {Modality.IMAGE: "apertures", Modality.SPECTRUM: "wide_bins"}


def main() -> int:
    """Measure the embeddings that the command line names."""
    try:
        return run(parse(sys.argv[1:]))
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parse(texts: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval",
        description="Cross-modal retrieval of a galaxy's own partner.",
    )
    add = parser.add_argument
    add("embeddings", type=Path, help="what galsearch embed wrote")
    add("--split", default="test", choices=("train", "validation", "test"))
    add("--pool", type=int, default=2000, help="candidates a pool")
    add("--pools", type=int, default=20, help="random pools")
    add("--seed", type=int, default=1, help="of pools, random features and drawn errors")
    add("--bank", type=int, default=4000, help="galaxies of other splits to learn hubs from")
    add("--generic", action="store_true", help="measure towers of random features as well")
    add("--bound", action="store_true", help="measure the ranking by true parameters as well")
    add("--dataset", type=Path, help="for --generic; default: the one that was embedded")
    add("--train", type=int, default=20000, help="training galaxies for --generic and --bound")
    add("--head-epochs", type=int, default=40, help="of the generic towers' head")
    add("--bound-epochs", type=int, default=20, help="of the regressors of --bound")
    add("--threads", type=int, help="default: PyTorch's own choice")
    add("--out", type=Path, default=Path(__file__).parents[1] / "results" / "retrieval.json")
    add("--work", type=Path, help="random features are kept here; default: OUT without .json")
    return parser.parse_args(texts)


def run(arguments: argparse.Namespace) -> int:
    """Measure, write, print."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if (arguments.generic or arguments.bound) and arguments.split != "test":
        raise DatasetError(
            "--generic and --bound learn from train and validation galaxies; measure --split test."
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
    if arguments.generic or arguments.bound:
        results |= learnt(arguments, pools)
    with new_file(arguments.out) as temporary:
        temporary.write_text(json.dumps(results) + "\n", encoding="utf-8")
    print(table(results))
    return 0


def learnt(arguments: argparse.Namespace, pools: list[Ints]) -> dict[str, Any]:
    """What needs training galaxies: the generic towers, the bound, or both."""
    everyone = read_all(arguments.embeddings)
    splits = split_of(everyone.target_ids)
    generator = np.random.default_rng(arguments.seed)
    rows = {s: np.flatnonzero(splits == s) for s in ("train", "validation", "test")}
    rows["train"] = np.sort(generator.permutation(rows["train"])[: arguments.train])
    if min(len(rows["train"]), len(rows["validation"])) < bounds.FEWEST_IN_BIN:
        raise DatasetError(
            f"--generic and --bound need {bounds.FEWEST_IN_BIN} training and validation galaxies "
            f"at least; found {len(rows['train'])} and {len(rows['validation'])}."
        )
    if arguments.bound:
        catalogue = catalogue_of(arguments.embeddings, everyone.target_ids[:2], None)
        bounds.parameters_of(catalogue, np.zeros((2, N_FIBRE)))
    used = everyone.take(np.sort(np.concatenate(list(rows.values()))))
    split = split_of(used.target_ids)
    out: dict[str, Any] = {}
    with Progress(console=Console(stderr=True), transient=True) as bars:
        bar: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in bar:
                bar[stage] = bars.add_task(stage, total=total)
            bars.update(bar[stage], completed=done, total=total)

        plain = plain_features(arguments, used, split, report)
        if arguments.generic:
            out["generic"] = generic(arguments, used, split, plain, pools, report)
        if arguments.bound:
            out["bound"] = bound(arguments, used, split, plain, pools, report)
    return out


def plain_features(
    arguments: argparse.Namespace, used: Pairs, split: npt.NDArray[Any], report: Report
) -> dict[str, npt.NDArray[Any]]:
    """What needs pixels and no encoder; of an earlier run where it is the same."""
    galaxies = open_galaxies(arguments.dataset or dataset_of(arguments.embeddings))
    identity = {
        "dataset": galaxies.digest,
        "n": len(used),
        "ids": int(used.target_ids.sum() % (1 << 53)),
        "seed": arguments.seed,
    }
    kept = ResultCache(arguments.work or arguments.out.with_suffix(""), identity)
    found = kept.get("plain_features")
    if found is None:
        train = split == "train"
        found = generics.features(
            galaxies, used.target_ids, train, seed=arguments.seed, progress=report
        )
        kept.put("plain_features", **found)
    return found


def generic(
    arguments: argparse.Namespace,
    used: Pairs,
    split: npt.NDArray[Any],
    plain: dict[str, npt.NDArray[Any]],
    pools: list[Ints],
    report: Report,
) -> dict[str, Any]:
    """Both directions of the generic towers with their trained head."""
    train, validation, test = (np.flatnonzero(split == s) for s in ("train", "validation", "test"))
    image, spectrum, curve = generics.train_heads(
        plain["image"],
        plain["spectrum"],
        train,
        validation,
        epochs=arguments.head_epochs,
        seed=arguments.seed,
        progress=report,
    )
    cosine = image[test] @ spectrum[test].T
    directions = in_both(cosine, used.z[test], pools, generics.NAME)
    return {"n_train": len(train), "curve": curve, "directions": directions}


def bound(
    arguments: argparse.Namespace,
    used: Pairs,
    split: npt.NDArray[Any],
    plain: dict[str, npt.NDArray[Any]],
    pools: list[Ints],
    report: Report,
) -> dict[str, Any]:
    """Both directions of the ranking by true parameters, and by the regressors' estimates."""
    train, validation, test = (np.flatnonzero(split == s) for s in ("train", "validation", "test"))
    catalogue = catalogue_of(arguments.embeddings, used.target_ids, None)
    fibre = plain["apertures"][:, :N_FIBRE]
    names, values, magnitude = bounds.parameters_of(catalogue, fibre)
    theta = bounds.normal_scores(values, train)
    guesses = {
        str(m): bounds.estimates(
            np.concatenate([used.vectors[m], plain[m], plain[MEASURED[m]]], axis=1),
            theta,
            train,
            validation,
            epochs=arguments.bound_epochs,
            seed=arguments.seed,
            progress=report,
            name=f"regressor from {m}",
        )
        for m in Modality
    }
    bins = bounds.brightness_bins(magnitude, train)
    model = bounds.measured(theta, guesses, train, validation, bins)
    image, spectrum = (guesses[m][test] @ model.whiten for m in Modality)
    directions = in_both(
        model.score(image, spectrum, bins[test]),
        used.z[test],
        pools,
        "estimated parameters",
    )
    for name, one in {
        "true parameters, errors drawn": model,
        "true parameters, spectrum without error": model.with_exact("spectrum"),
    }.items():
        drawn = [
            in_both(score, used.z[test], pools, name)
            for score in bounds.rank_by_draws(one, theta[test], bins[test], arguments.seed)
        ]
        for number, entry in enumerate(directions):
            several = [each[number]["scores"][name] for each in drawn]
            entry["scores"] = {**entry["scores"], name: bounds.mean_of(several)}
    return {
        "parameters": names,
        "r2": bounds.known_shares(theta, guesses, validation, names),
        "n_draws": bounds.N_DRAWS,
        "directions": directions,
    }


def in_both(score: Any, z: Any, pools: list[Ints], name: str) -> list[dict[str, Any]]:
    """Questions in both directions of one score, images by spectra."""
    return [
        {
            "using": using,
            "among": among,
            "scores": {name: questions(one, z, pools)},
        }
        for (using, among), one in zip(CROSS, (score, score.T), strict=True)
    ]


if __name__ == "__main__":
    sys.exit(main())
