"""Galaxy Zoo votes of real images, predicted from the nearest other images.

The directory of Galaxy Zoo data has images NAME.jpg of 424 x 424 pixels and a CSV file of vote
fractions with a column iauname. There are too few images to train a network, so votes are predicted
from neighbours, in the embeddings and, as a baseline, in colours and sizes.
"""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.downstream.scoring import accuracy_measures
from benchmarks.downstream.scoring.task_scores import rounded
from benchmarks.realism.transfer.neighbour_votes import as_cutout, colours_and_size
from galsearch.core.arrays import Float32Array, Float64Array, Rows

QUESTIONS = {
    "featured": "smooth-or-featured_featured-or-disk_fraction",
    "not edge-on": "disk-edge-on_no_fraction",
    "no spiral arms": "has-spiral-arms_no_fraction",
    "ring": "ring",
}
K = 20
"""Number of neighbours whose votes are averaged for a prediction."""
PLAIN = "colours and sizes"
"""Name of the baseline that uses no encoder."""

Embed = Callable[[Float32Array], Float32Array]
PictureEncoder = tuple[Embed, int]
"""Function that embeds images, and the image size in pixels to which pictures are resampled."""


def score_votes(
    folder: Path | None, encoders: Mapping[str, PictureEncoder], *, seed: int = 1
) -> dict[str, Any]:
    """R2 of the predicted votes on every Galaxy Zoo question by every encoder, or the reason why
    votes were not measured.

    Parameters
    ----------
    folder
        Directory of the images and votes.
    encoders
        Image encoders by name.
    seed
        Seed of the bootstrap.
    """
    if folder is None:
        return {"skipped": "no folder of real images was named (--galaxy-zoo)"}
    tables = sorted(folder.glob("*.csv"))
    if not tables:
        return {"skipped": f"{folder} holds no CSV of votes"}
    with tables[0].open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (folder / f"{row['iauname']}.jpg").exists()]
    if len(rows) <= K:
        return {"skipped": f"{folder} holds pictures of {len(rows)} galaxies in {tables[0].name}"}
    pictures = [_picture(folder / f"{row['iauname']}.jpg") for row in rows]
    plain = np.array([colours_and_size(picture) for picture in pictures])
    features = {
        **{
            name: embed(np.stack([as_cutout(one, size) for one in pictures])).astype(np.float64)
            for name, (embed, size) in encoders.items()
        },
        PLAIN: plain,
    }
    resampled = accuracy_measures.draws(len(rows), seed)
    return {
        "n": len(rows),
        "k": K,
        "questions": list(QUESTIONS),
        "scores": {
            name: {
                question: _score(vectors, np.array([float(r[c]) for r in rows]), resampled)
                for question, c in QUESTIONS.items()
            }
            for name, vectors in features.items()
        },
    }


def _picture(path: Path) -> Float32Array:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.float32) / np.float32(255)


def _score(vectors: Float64Array, votes: Float64Array, resampled: Rows) -> dict[str, float | None]:
    guess = predict_from_others(vectors, votes)
    known = np.isfinite(votes)

    def score(rows: Rows) -> float:
        rows = rows[known[rows]]
        return accuracy_measures.r2(votes[rows], guess[rows])

    value, spread = accuracy_measures.with_spread(score, len(votes), resampled)
    return {"r2": rounded(value), "r2_sd": rounded(spread)}


def predict_from_others(vectors: Float64Array, values: Float64Array, k: int = K) -> Float64Array:
    """(n,) prediction of a value for each of n vectors: the mean over the `k` nearest other vectors
    whose value is known, weighted by 1 / distance.
    """
    spread = vectors.std(axis=0)
    scaled = (vectors - vectors.mean(axis=0)) / np.where(spread > 0, spread, 1)
    squares = (scaled**2).sum(axis=1)
    square = np.maximum(squares[:, None] + squares[None] - 2 * scaled @ scaled.T, 0)
    np.fill_diagonal(square, np.inf)
    square[:, ~np.isfinite(values)] = np.inf
    near = np.argsort(square, axis=1)[:, :k]
    weight = 1 / np.maximum(np.sqrt(np.take_along_axis(square, near, axis=1)), 1e-9)
    return np.asarray((weight * values[near]).sum(axis=1) / weight.sum(axis=1))
