"""Explanations by several methods, tested by removing the parts that each names first.

    python -m benchmarks.analysis.explanation_methods DATASET --out explanations.json

Galaxies of the test split, drawn at random, are compared with one of their five nearest neighbours
in each direction. Each method ranks the patches or stretches of the galaxy. Those that it names
first are removed, and the fall of the similarity is compared with that without as many random ones.
What is removed is filled in the same way for all methods (`galsearch.analysis.explanation`).

The methods are that of `galsearch explain` (random groups), each part alone, gradient times input,
and integrated gradients (Sundararajan et al. 2017) from a blank image or a flat spectrum.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.analysis.gradient_contributions import GradientContributions
from galsearch.analysis.explanation.compared_galaxy import ComparedGalaxy, stored_data
from galsearch.analysis.explanation.image_patches import ImagePatches
from galsearch.analysis.explanation.removable_parts import RemovableParts
from galsearch.analysis.explanation.removal_effects import contributions, falls_alone, similarities
from galsearch.analysis.explanation.spectrum_parts import stretches
from galsearch.core.arrays import Float64Array, TargetIds, Vectors
from galsearch.core.errors import GalsearchError
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.core.target_id import TargetId
from galsearch.dataset import Dataset, open_dataset, split_of
from galsearch.encoders.encoder import EncoderPair
from galsearch.encoders.load import load
from galsearch.files.atomic import write_json
from galsearch.query.inputs.own_data.own_image import OwnImage

SHARES = (0.05, 0.1, 0.2)
"""Shares of the parts that are removed."""
N_RANDOM, N_NEAREST, N_POOL = 8, 5, 400
"""Random choices of parts, neighbours of which one is drawn, and galaxies that are neighbours."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Galaxies of a dataset with the embeddings of both modalities."""

    target_ids: TargetIds
    vectors: dict[Modality, Vectors]


def pool_of(dataset: Dataset, pair: EncoderPair) -> Pool:
    """The first galaxies of the test split that have an image and a spectrum."""
    table = dataset.catalogue
    both = np.asarray(table["has_image"]) & np.asarray(table["has_spectrum"])
    ids = dataset.target_ids[both & (split_of(dataset.target_ids) == "test")][:N_POOL]
    batch = dataset.read(ids)
    return Pool(
        ids,
        {
            Modality.IMAGE: pair.image.embed(batch.image_flux, batch.image_mask),
            Modality.SPECTRUM: pair.spectrum.embed(
                batch.spectrum_flux, batch.spectrum_ivar, batch.spectrum_mask
            ),
        },
    )


def random_pairs(
    pool: Pool, using: Modality, among: Modality, n: int, seed: int
) -> Iterator[tuple[int, int]]:
    """Rows of a galaxy and of one of its nearest neighbours, `n` times."""
    generator = np.random.default_rng(seed)
    for row in generator.choice(len(pool.target_ids), min(n, len(pool.target_ids)), replace=False):
        cosine = pool.vectors[among] @ pool.vectors[using][row]
        cosine[row] = -2
        yield int(row), int(generator.choice(np.argsort(-cosine)[:N_NEAREST]))


def falls_without(
    parts: RemovableParts, other: Vectors, whole: float, ranked: dict[str, Float64Array]
) -> dict[str, list[float]]:
    """Fall of the cosine without the first parts of each method, and without random ones.

    One number for each of `SHARES`; `random` is a mean over `N_RANDOM` choices.
    """
    n, generator = len(parts), np.random.default_rng(1)
    orders = [np.argsort(-values, kind="stable") for values in ranked.values()]
    orders += [generator.permutation(n) for _ in range(N_RANDOM)]
    counts = [max(1, round(share * n)) for share in SHARES]
    removed = np.zeros((len(counts), len(orders), n), bool)
    for row, count in zip(removed, counts, strict=True):
        for one, order in zip(row, orders, strict=True):
            one[order[:count]] = True
    falls = whole - similarities(parts, other, removed.reshape(-1, n)).reshape(removed.shape[:2])
    named = {name: falls[:, i].tolist() for i, name in enumerate(ranked)}
    return named | {"random": falls[:, len(ranked) :].mean(axis=1).tolist()}


def measure(
    dataset: Dataset, pair: EncoderPair, gradients: GradientContributions, n: int, seed: int
) -> dict[str, Any]:
    """For each direction and method, the mean falls and the share of pairs in which the fall is
    larger than that of random parts.
    """
    pool = pool_of(dataset, pair)
    results: dict[str, Any] = {}
    for using, among in DIRECTIONS:
        falls: dict[str, list[list[float]]] = {}
        for row, other_row in random_pairs(pool, using, among, n, seed):
            galaxy = stored_data(dataset, TargetId(pool.target_ids[row]), using)
            other = pool.vectors[among][other_row]
            whole = float(pool.vectors[using][row].astype(float) @ other.astype(float))
            parts = parts_of(galaxy, pair)
            ranked = ranked_parts(parts, galaxy, other, whole, gradients)
            for name, found in falls_without(parts, other, whole, ranked).items():
                falls.setdefault(name, []).append(found)
        results[f"{using} to {among}"] = summary(falls)
        print(f"{using} to {among}: {results[f'{using} to {among}']}", flush=True)
    return results


def ranked_parts(
    parts: RemovableParts,
    galaxy: ComparedGalaxy,
    other: Vectors,
    whole: float,
    gradients: GradientContributions,
) -> dict[str, Float64Array]:
    """Contributions of the parts of a galaxy by each method."""
    return {
        "random groups": contributions(parts, other, whole),
        "each part alone": falls_alone(parts, other, whole),
        "gradient x input": gradients.of(galaxy, other, n_steps=1),
        "integrated gradients": gradients.of(galaxy, other, n_steps=16),
    }


def parts_of(galaxy: ComparedGalaxy, pair: EncoderPair) -> RemovableParts:
    """The patches or the stretches of a galaxy."""
    if isinstance(galaxy.own, OwnImage):
        return ImagePatches(galaxy.own, pair.image)
    return stretches(galaxy.own, pair.spectrum, galaxy.z)


def summary(falls: dict[str, list[list[float]]]) -> dict[str, Any]:
    """Mean falls by method, their standard errors, and how often they exceed those of random parts.

    Parameters
    ----------
    falls
        For each method the falls of each pair, one for each of `SHARES`.
    """
    arrays = {name: np.array(values) for name, values in falls.items()}
    return {
        name: {
            "fall": values.mean(axis=0).round(4).tolist(),
            "error": (values.std(axis=0) / np.sqrt(len(values))).round(4).tolist(),
            "above_random": (values > arrays["random"]).mean(axis=0).round(3).tolist(),
        }
        for name, values in arrays.items()
    }


def main() -> int:
    """Run the benchmark; returns the exit status, 1 after an error of galsearch."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.analysis.explanation_methods", description=__doc__
    )
    add = parser.add_argument
    add("dataset", type=Path, help="a dataset of simulated galaxies")
    add("--n", type=int, default=50, help="pairs of galaxies in each direction")
    add("--seed", type=int, default=1)
    add("--out", type=Path, default=Path("explanations.json"))
    arguments = parser.parse_args()
    try:
        dataset, pair = open_dataset(arguments.dataset), load()
        gradients = GradientContributions(pair)
        found = measure(dataset, pair, gradients, arguments.n, arguments.seed)
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    results = {
        "fingerprint": pair.fingerprint,
        "n": arguments.n,
        "seed": arguments.seed,
        "shares": SHARES,
        "directions": found,
    }
    write_json(arguments.out, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
