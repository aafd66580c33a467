"""Recall of the strongest simple baseline: a trained head on plain photometric features.

    python -m benchmarks.retrieval.plain_baseline TRAINING TESTED --embeddings EMBEDDINGS

A small network for each modality is trained on 15 aperture magnitudes of the image and 38 flux bins
of the spectrum of the galaxies of one dataset, and tested on all galaxies of another one: each
image is to find its own spectrum among all of them, and the reverse. Galaxies of the first dataset
that the network does not see choose the epoch. With `--embeddings` the encoder's recall in the same
pool is printed beside it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks.retrieval.plain_features import aperture_magnitudes, wide_bins
from benchmarks.retrieval.ranks import ranks
from benchmarks.retrieval.trained_heads import train_heads
from galsearch.core.arrays import Float32Array, TargetIds
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.embeddings import open_store

BATCH_SIZE, EPOCHS, LEARNING_RATE = 128, 30, 1e-3
"""The best of four settings by the recall of validation galaxies: batches of 128, 15 or 30 epochs,
learning rates of 3e-4 or 1e-3."""
VALIDATION_SHARE = 0.1
"""Fraction of the training galaxies that choose the epoch."""


def main(texts: list[str] | None = None) -> int:
    """Print the table of recall."""
    parser = argparse.ArgumentParser(description="Recall of a head trained on plain features.")
    parser.add_argument("training", type=Path, help="dataset of the training galaxies")
    parser.add_argument("tested", type=Path, help="dataset of the galaxies that are searched")
    parser.add_argument("--embeddings", type=Path, help="embeddings of the tested galaxies")
    parser.add_argument("--pairs", type=int, nargs="*", help="numbers of training pairs")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(texts)
    image, spectrum, _ = plain_features(arguments.training)
    tested_image, tested_spectrum, ids = plain_features(arguments.tested)
    order = np.random.default_rng(arguments.seed).permutation(len(image))
    n_validation = max(1, int(VALIDATION_SHARE * len(image)))
    validation, train = order[:n_validation], order[n_validation:]
    rows = ["| method | query | R@1 | R@5 | R@10 | median rank |", "|---|---|---|---|---|---|"]
    tested = np.arange(len(image), len(image) + len(ids))
    for n in arguments.pairs or [len(train)]:
        one, other, _ = train_heads(
            np.concatenate([image, tested_image]),
            np.concatenate([spectrum, tested_spectrum]),
            train[:n],
            validation,
            epochs=EPOCHS,
            batch_size=min(BATCH_SIZE, n),
            learning_rate=LEARNING_RATE,
            seed=arguments.seed,
        )
        rows += recall_rows(f"plain features, {n:,} pairs", one[tested], other[tested])
    if arguments.embeddings is not None:
        vectors = [open_store(arguments.embeddings, kind).read(ids) for kind in Modality]
        rows += recall_rows("embeddings", *vectors)
    print(f"{len(ids):,} candidates\n")
    print("\n".join(rows))
    return 0


def plain_features(dataset: Path) -> tuple[Float32Array, Float32Array, TargetIds]:
    """Features of all galaxies with both modalities: (n, 15), (n, 38), and their TARGETIDs."""
    images, spectra, ids = [], [], []
    for partition in open_dataset(dataset).partitions:
        for batch in partition.batches():
            both = batch.has_image & batch.has_spectrum
            images.append(aperture_magnitudes(batch)[both])
            spectra.append(wide_bins(batch)[both])
            ids.append(batch.target_ids[both])
    return np.concatenate(images), np.concatenate(spectra), np.concatenate(ids)


def recall_rows(name: str, image: Float32Array, spectrum: Float32Array) -> list[str]:
    """Rows of the table for unit vectors whose rows are partners, one for each direction."""
    cosine = image @ spectrum.T
    rows = []
    for query, score in zip(Modality, (cosine, cosine.T), strict=True):
        rank = ranks(score)
        recall = " | ".join(f"{np.mean(rank <= k):.3f}" for k in (1, 5, 10))
        rows.append(f"| {name} | {query} | {recall} | {np.median(rank):.0f} |")
    return rows


if __name__ == "__main__":
    sys.exit(main())
