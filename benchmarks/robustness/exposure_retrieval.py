"""Retrieval among simulated exposures under wide conditions, by what is wrong with the query.

    python -m benchmarks.robustness.exposure_retrieval EXPOSURES --encoder WEIGHTS

EXPOSURES is a directory that `python -m training.exposures` wrote; the galaxies are those of its
test split, which no training reads. Each row of the table is the share of queries of a kind that
find their partner among the ten nearest (across modalities) or as the nearest (another exposure).
Queries are first exposures (across modalities) or second ones (another exposure); candidates are
the first exposures of a pool.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from galsearch.core.arrays import BoolArray, Float32Array, Rows
from galsearch.core.errors import DatasetError, GalsearchError
from galsearch.core.modality import Modality
from galsearch.encoders import checkpoint
from galsearch.simulate.population.wide_samples import POINT_SOURCES
from training.exposures.exposure_inputs import embed_exposures
from training.exposures.exposure_record import decode_masks
from training.exposures.exposure_set import ExposureSet, open_exposure_set

SMALL = Path("galsearch/encoders/pretrained/galsearch-small.safetensors")
_BATCH = 100
_N_SUMMARY, _SLICE = 4, 64
_LEAST_ARM_SHARE = 0.85
"""Share of the pixels of a spectrum with a weight, below which an arm is missing."""


def main(texts: list[str] | None = None) -> int:
    """Measure the encoders that the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness.exposure_retrieval",
        description="Retrieval among simulated exposures under wide conditions.",
    )
    parser.add_argument("exposures", type=Path, help="directory of python -m training.exposures")
    parser.add_argument("--encoder", type=Path, default=SMALL, help="file of weights")
    parser.add_argument("--pool", type=int, default=2000, help="galaxies in the pool (2,000)")
    arguments = parser.parse_args(texts)
    try:
        exposures = open_exposure_set(arguments.exposures)
        rows = exposures.rows_of("test")[: arguments.pool]
        if len(rows) < arguments.pool:
            raise DatasetError(
                f"{arguments.exposures}: its test split has {len(rows)} galaxies; a pool of "
                f"{arguments.pool} was requested."
            )
        print(table(measure(exposures, rows, arguments.encoder), len(rows)))
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def measure(exposures: ExposureSet, rows: Rows, encoder: Path) -> dict[str, tuple[float, int]]:
    """Share of the queries that find their partner, and their number, by the kind of query."""
    model = checkpoint.read(encoder)
    embedded = embed_exposures(model, exposures, rows, torch.device("cpu"))
    image, spectrum = (
        torch.nn.functional.normalize(embedded[modality], dim=-1).numpy() for modality in Modality
    )
    kinds = query_kinds(exposures, rows)
    across = {
        "image to spectrum": ranks(image[:, 0], spectrum[:, 0]) <= 10,
        "spectrum to image": ranks(spectrum[:, 0], image[:, 0]) <= 10,
        "image, another exposure": ranks(image[:, 1], image[:, 0]) == 1,
        "spectrum, another exposure": ranks(spectrum[:, 1], spectrum[:, 0]) == 1,
    }
    found: dict[str, tuple[float, int]] = {}
    for name, right in across.items():
        for kind, chosen in kinds.items():
            if kind.endswith("cameras") != (name == "image, another exposure") and kind != "all":
                continue
            if chosen.any():
                found[f"{name}: {kind}"] = float(right[chosen].mean()), int(chosen.sum())
    return found


def ranks(queries: Float32Array, candidates: Float32Array) -> Rows:
    """Rank (n,) of candidate i for query i, from 1, by cosine; ties count against it."""
    similarity = queries @ candidates.T
    return np.asarray((similarity >= np.diag(similarity)[:, None]).sum(axis=1))


def query_kinds(exposures: ExposureSet, rows: Rows) -> dict[str, BoolArray]:
    """Queries (n,) of each kind, by its name."""
    records = [exposures.take(rows[i : i + _BATCH]) for i in range(0, len(rows), _BATCH)]
    masked, lost, weighted = [], [], []
    for some in records:
        mask = np.asarray(decode_masks(some["mask"][:, 0]).flatten(2), bool)
        masked.append(mask.any(axis=(1, 2)))
        lost.append(np.any(np.all(mask, axis=2), axis=1))
        weighted.append((some["spectrum"][:, 0, 1:, _N_SUMMARY + _SLICE :] > 0).mean(axis=(1, 2)))
    north = np.concatenate([some["north"] for some in records])
    sample = np.concatenate([some["sample"] for some in records]).astype(str)
    any_masked, band_lost = np.concatenate(masked), np.concatenate(lost)
    arm_lost = np.concatenate(weighted) < _LEAST_ARM_SHARE
    return {
        "all": np.ones(len(rows), bool),
        "nothing masked": ~any_masked & ~arm_lost,
        "some pixels masked": any_masked & ~band_lost,
        "a band missing": band_lost,
        "an arm missing": arm_lost,
        "quasars and stars": np.isin(sample, POINT_SOURCES),
        "the same cameras": north[:, 0] == north[:, 1],
        "the other cameras": north[:, 0] != north[:, 1],
    }


def table(found: dict[str, tuple[float, int]], pool: int) -> str:
    """The results as a table in Markdown."""
    lines = [f"| query, among {pool:,} | found | queries |", "|---|---|---|"]
    lines += [f"| {name} | {share:.3f} | {n} |" for name, (share, n) in found.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
