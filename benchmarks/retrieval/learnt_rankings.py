"""The rankings of the retrieval benchmark that learn from training and validation galaxies.

The rankings are those of the baselines (the same head on random and on plain features) and the
statistical model of the shared parameters. Their results go under the keys "generic" and "bound" of
the results file, names that are older than the present description.
"""

import argparse
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import Progress as ProgressBars

from benchmarks.downstream.data.labelled_galaxies import open_galaxies
from benchmarks.downstream.result_cache import ResultCache
from benchmarks.retrieval import parameter_estimates, parameter_model, random_features
from benchmarks.retrieval.paired_embeddings import (
    PairedEmbeddings,
    catalogue_of,
    dataset_of,
    read_all,
)
from benchmarks.retrieval.plain_features import N_FIBRE
from benchmarks.retrieval.retrieval_metrics import CROSS, score_metrics
from benchmarks.retrieval.trained_heads import train_heads
from galsearch.core.arrays import Float32Array, Float64Array, Rows
from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress
from galsearch.dataset import split_of

RANDOM_FEATURES = "random convolutions and PCA, trained head"
PLAIN_FEATURES = "aperture magnitudes and flux bins, trained head"
PLAIN = {Modality.IMAGE: "apertures", Modality.SPECTRUM: "wide_bins"}
"""Names under which the plain features of each modality are stored in the cache."""
Features = dict[str, npt.NDArray[Any]]


def measure_learnt(arguments: argparse.Namespace, pools: list[Rows]) -> dict[str, Any]:
    """Retrieval results of the baselines, of the parameter model, or of both, as the command line
    requests.

    Raises
    ------
    DatasetError
        Where there are too few training or validation galaxies.
    """
    all_pairs = read_all(arguments.embeddings)
    splits = split_of(all_pairs.target_ids)
    generator = np.random.default_rng(arguments.seed)
    rows = {s: np.flatnonzero(splits == s) for s in ("train", "validation", "test")}
    rows["train"] = np.sort(generator.permutation(rows["train"])[: arguments.train])
    needed = parameter_model.FEWEST_IN_BIN
    if min(len(rows["train"]), len(rows["validation"])) < needed:
        raise DatasetError(
            f"baselines and parameter model need at least {needed} training and {needed} "
            f"validation galaxies; found {len(rows['train'])} and {len(rows['validation'])}."
        )
    if arguments.parameter_model:
        # The catalogue is checked first, so that a missing true parameter is an error before any
        # pixel is read.
        catalogue = catalogue_of(arguments.embeddings, all_pairs.target_ids[:2], None)
        parameter_estimates.parameters_of(catalogue, np.zeros((2, N_FIBRE)))
    used = all_pairs.take(np.sort(np.concatenate(list(rows.values()))))
    split = split_of(used.target_ids)
    results: dict[str, Any] = {}
    with ProgressBars(console=Console(stderr=True), transient=True) as bars:
        progress = progress_on(bars)
        features = cached_features(arguments, used, split, progress)
        if arguments.baselines:
            results["generic"] = measure_baselines(
                arguments, used, split, features, pools, progress
            )
        if arguments.parameter_model:
            results["bound"] = measure_parameter_model(
                arguments, used, split, features, pools, progress
            )
    return results


def progress_on(bars: ProgressBars) -> Progress:
    """A progress function that draws one bar for each stage it is told of."""
    tasks: dict[str, Any] = {}

    def report(stage: str, done: int, total: int, /) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    return report


def cached_features(
    arguments: argparse.Namespace,
    used: PairedEmbeddings,
    split: npt.NDArray[np.str_],
    progress: Progress,
) -> Features:
    """Random and plain features of all galaxies, from the cache of an earlier run if possible."""
    galaxies = open_galaxies(arguments.dataset or dataset_of(arguments.embeddings))
    settings = {
        "dataset": galaxies.digest,
        "n": len(used),
        "ids": int(used.target_ids.sum() % (1 << 53)),
        "seed": arguments.seed,
    }
    cache = ResultCache(arguments.work or arguments.out.with_suffix(""), settings)
    features = cache.get("plain_features")
    if features is None:
        features = random_features.compute_features(
            galaxies, used.target_ids, split == "train", seed=arguments.seed, progress=progress
        )
        cache.put("plain_features", **features)
    return features


def measure_baselines(
    arguments: argparse.Namespace,
    used: PairedEmbeddings,
    split: npt.NDArray[np.str_],
    features: Features,
    pools: list[Rows],
    progress: Progress,
) -> dict[str, Any]:
    """Retrieval metrics of trained heads on random features and on plain features.

    In the result, "curve" holds the losses of training the head on random features, and
    "plain_curve" those on plain features.
    """
    train, validation, test = rows_of_splits(split)
    inputs = {
        RANDOM_FEATURES: (features["image"], features["spectrum"]),
        PLAIN_FEATURES: (features[PLAIN[Modality.IMAGE]], features[PLAIN[Modality.SPECTRUM]]),
    }
    scores, curves = {}, []
    for name, (image, spectrum) in inputs.items():
        image_vectors, spectrum_vectors, curve = train_heads(
            image,
            spectrum,
            train,
            validation,
            epochs=arguments.head_epochs,
            seed=arguments.seed,
            progress=progress,
            name=f"head on {name.split(',')[0]}",
        )
        scores[name] = image_vectors[test] @ spectrum_vectors[test].T
        curves.append(curve)
    directions = in_both_directions(scores, used.z[test], pools)
    return {
        "n_train": len(train),
        "curve": curves[0],
        "plain_curve": curves[1],
        "directions": directions,
    }


def measure_parameter_model(
    arguments: argparse.Namespace,
    used: PairedEmbeddings,
    split: npt.NDArray[np.str_],
    features: Features,
    pools: list[Rows],
    progress: Progress,
) -> dict[str, Any]:
    """Retrieval metrics of the statistical model: of rankings by parameters estimated from
    features, and by parameters with errors sampled from the model.
    """
    train, validation, test = rows_of_splits(split)
    catalogue = catalogue_of(arguments.embeddings, used.target_ids, None)
    fibre = features[PLAIN[Modality.IMAGE]][:, :N_FIBRE]
    names, values, magnitude = parameter_estimates.parameters_of(catalogue, fibre)
    theta = parameter_estimates.normal_scores(values, train)
    estimates = estimate_from_both(arguments, used, features, theta, (train, validation), progress)
    bins = parameter_model.brightness_bins(magnitude, train)
    model = parameter_model.fit_model(theta, estimates, train, validation, bins)
    image, spectrum = (estimates[m][test] @ model.whiten for m in Modality)
    scores = {"estimated parameters": model.score(image, spectrum, bins[test])}
    directions = in_both_directions(scores, used.z[test], pools)
    cases = {
        "true parameters, errors drawn": model,
        "true parameters, spectrum without error": model.with_exact("spectrum"),
    }
    for name, case in cases.items():
        samples = parameter_model.sample_scores(case, theta[test], bins[test], arguments.seed)
        metrics = [in_both_directions({name: score}, used.z[test], pools) for score in samples]
        for number, entry in enumerate(directions):
            several = [sample[number]["scores"][name] for sample in metrics]
            entry["scores"][name] = parameter_model.mean_of(several)
    return {
        "parameters": names,
        "r2": parameter_estimates.explained_variance(theta, estimates, validation, names),
        "n_draws": parameter_model.N_DRAWS,
        "directions": directions,
    }


def estimate_from_both(
    arguments: argparse.Namespace,
    used: PairedEmbeddings,
    features: Features,
    theta: Float64Array,
    rows: tuple[Rows, Rows],
    progress: Progress,
) -> dict[str, Float64Array]:
    """(n, p) estimates, by modality, of p true parameters of n galaxies, from all features of the
    modality.

    Parameters
    ----------
    rows
        Rows of the training and of the validation galaxies.
    """
    return {
        str(m): parameter_estimates.estimate_parameters(
            np.concatenate([used.vectors[m], features[m], features[PLAIN[m]]], axis=1),
            theta,
            *rows,
            epochs=arguments.regressor_epochs,
            seed=arguments.seed,
            progress=progress,
            name=f"regressor from {m}",
        )
        for m in Modality
    }


def rows_of_splits(split: npt.NDArray[np.str_]) -> tuple[Rows, Rows, Rows]:
    """Row numbers of the training, the validation and the test galaxies, as three arrays."""
    train, validation, test = (np.flatnonzero(split == s) for s in ("train", "validation", "test"))
    return train, validation, test


def in_both_directions(
    scores: dict[str, Float32Array], z: Float64Array, pools: list[Rows]
) -> list[dict[str, Any]]:
    """Retrieval metrics of scores (images by spectra) for image queries and spectrum queries."""
    return [
        {
            "using": using,
            "among": among,
            "scores": {
                name: score_metrics(score if using is Modality.IMAGE else score.T, z, pools)
                for name, score in scores.items()
            },
        }
        for using, among in CROSS
    ]
