"""Scores of embeddings of changed data: holes, missing bands and arms, other exposures, dust.

    python -m benchmarks.robustness EMBEDDINGS --survey SURVEY --encoder galsearch-small

The queries are the first galaxies of a simulated survey. Their images and spectra are changed as
real surveys differ from the training set, or the galaxies are observed again under other
conditions, and embedded anew. The unchanged embeddings of all galaxies are the candidates.

Figures go to `benchmarks/results/robustness.json`; the table is computed from that file.
"""

import argparse
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.retrieval.paired_embeddings import dataset_of, read_all
from benchmarks.robustness.image_changes import image_changes
from benchmarks.robustness.robustness_report import table
from benchmarks.robustness.robustness_scores import Bank, robustness_scores
from benchmarks.robustness.second_exposures import (
    SecondExposures,
    first_galaxies,
    observe_again,
)
from benchmarks.robustness.spectrum_changes import GivenSpectra, spectrum_changes
from galsearch.core.arrays import Vectors
from galsearch.core.errors import GalsearchError
from galsearch.core.fingerprint import require_same_encoder
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.dataset import GalaxyBatch, open_dataset
from galsearch.encoders import EncoderPair, load
from galsearch.files.atomic import write_json

UNCHANGED = "unchanged"
_SEED = 1


def main(texts: list[str] | None = None) -> int:
    """Measure the robustness of an encoder and print the table; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness", description="Embeddings of changed data."
    )
    add = parser.add_argument
    add("embeddings", type=Path, help="directory that galsearch embed wrote")
    add("--survey", type=Path, required=True, help="the survey, made by galsearch simulate")
    add("--encoder", default="galsearch-small", help="the encoder of the embeddings")
    add("--n", type=int, default=200, help="queries, the first galaxies of the survey")
    add("--only", nargs="*", metavar="WORD", help="changes whose names hold one of these words")
    default = Path(__file__).parents[1] / "results" / "robustness.json"
    add("--out", type=Path, default=default)
    arguments = parser.parse_args(texts)
    try:
        results = measure(
            arguments.embeddings,
            arguments.survey,
            arguments.encoder,
            n=arguments.n,
            only=arguments.only,
        )
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    write_json(arguments.out, results, indent=None)
    print(table(results))
    return 0


def measure(
    embeddings: Path, survey: Path, encoder: str, *, n: int, only: Sequence[str] | None = None
) -> dict[str, Any]:
    """Scores of every change, by modality and name of the change.

    Parameters
    ----------
    embeddings, survey
        Embeddings of a simulated survey, and the survey.
    encoder
        Name or file of the encoder that made the embeddings.
    n
        Number of queries.
    only
        Words of which the name of a change must hold one; None for all changes, and those for which
        the galaxies are observed again.

    Raises
    ------
    EncoderMismatchError
        Where the embeddings were made by another encoder.
    DatasetError
        Where the survey is smaller than `n` galaxies or one of the north.
    """
    pair = load(encoder)
    pairs = read_all(embeddings)
    require_same_encoder({str(embeddings): pairs.fingerprint, encoder: pair.fingerprint})
    ids = first_galaxies(survey, n)
    again = SecondExposures(ids, {}, {}) if only is not None else observe_again(survey, n)
    batch = open_dataset(dataset_of(embeddings)).read(ids)
    rows = find_rows(pairs.target_ids, ids)
    embedded = {
        Modality.IMAGE: _images(pair, batch, again, only),
        Modality.SPECTRUM: _spectra(pair, batch, again, only),
    }
    results: dict[str, Any] = {
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "encoder": Path(encoder).name,
        "fingerprint": pairs.fingerprint,
        "n_candidates": len(pairs),
    }
    for modality, found in embedded.items():
        (other,) = set(Modality) - {modality}
        bank = Bank(pairs.vectors[modality], pairs.vectors[other], pairs.z)
        results[modality] = {
            name: robustness_scores(changed, rows, bank, modality).as_dict()
            for name, changed in [(UNCHANGED, bank.own[rows]), *found.items()]
        }
    return results


def _images(
    pair: EncoderPair, batch: GalaxyBatch, again: SecondExposures, only: Sequence[str] | None
) -> dict[str, Vectors]:
    """Embeddings of changed images by the name of the change."""
    found = {}
    for name, change in image_changes().items():
        if _is_wanted(name, only):
            flux, mask = change(batch.image_flux, np.random.default_rng(_SEED))
            found[name] = pair.image.embed(flux, mask)
    return found | {name: pair.image.embed(images) for name, images in again.images.items()}


def _spectra(
    pair: EncoderPair, batch: GalaxyBatch, again: SecondExposures, only: Sequence[str] | None
) -> dict[str, Vectors]:
    """Embeddings of changed spectra by the name of the change."""
    given = {
        name: change(batch.spectrum_flux, batch.spectrum_ivar, np.random.default_rng(_SEED))
        for name, change in spectrum_changes().items()
        if _is_wanted(name, only)
    }
    given |= {name: GivenSpectra(*spectra) for name, spectra in again.spectra.items()}
    return {
        name: pair.spectrum.embed(one.flux, one.ivar, one.mask, calibrated=one.calibrated)
        for name, one in given.items()
    }


def _is_wanted(name: str, only: Sequence[str] | None) -> bool:
    return only is None or any(word in name for word in only)


if __name__ == "__main__":
    sys.exit(main())
