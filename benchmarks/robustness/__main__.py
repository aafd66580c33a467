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
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.retrieval.paired_embeddings import PairedEmbeddings, dataset_of, read_all
from benchmarks.robustness.image_changes import image_changes
from benchmarks.robustness.robustness_report import table
from benchmarks.robustness.robustness_scores import Bank, robustness_scores
from benchmarks.robustness.second_exposures import SecondExposures, observe_again
from benchmarks.robustness.spectrum_changes import GivenSpectra, spectrum_changes
from galsearch.core.arrays import Rows
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
    default = Path(__file__).parents[1] / "results" / "robustness.json"
    add("--out", type=Path, default=default)
    arguments = parser.parse_args(texts)
    try:
        results = measure(arguments.embeddings, arguments.survey, arguments.encoder, arguments.n)
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    write_json(arguments.out, results, indent=None)
    print(table(results))
    return 0


def measure(embeddings: Path, survey: Path, encoder: str, n: int) -> dict[str, Any]:
    """Scores of every change, by modality and name of the change.

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
    again = observe_again(survey, n)
    rows = find_rows(pairs.target_ids, again.target_ids)
    batch = open_dataset(dataset_of(embeddings)).read(again.target_ids)
    return {
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "encoder": Path(encoder).name,
        "fingerprint": pairs.fingerprint,
        "n_candidates": len(pairs),
        "image": _of_images(pair, pairs, rows, batch, again),
        "spectrum": _of_spectra(pair, pairs, rows, batch, again),
    }


def _of_images(
    pair: EncoderPair,
    pairs: PairedEmbeddings,
    rows: Rows,
    batch: GalaxyBatch,
    again: SecondExposures,
) -> dict[str, dict[str, float]]:
    vectors = pairs.vectors
    bank = Bank(vectors[Modality.IMAGE], vectors[Modality.SPECTRUM], pairs.z)
    found = {UNCHANGED: bank.own[rows]}
    for name, change in image_changes().items():
        flux, mask = change(batch.image_flux, np.random.default_rng(_SEED))
        found[name] = pair.image.embed(flux, mask)
    for name, images in again.images.items():
        found[name] = pair.image.embed(images)
    return {
        name: robustness_scores(changed, rows, bank, "image").as_dict()
        for name, changed in found.items()
    }


def _of_spectra(
    pair: EncoderPair,
    pairs: PairedEmbeddings,
    rows: Rows,
    batch: GalaxyBatch,
    again: SecondExposures,
) -> dict[str, dict[str, float]]:
    vectors = pairs.vectors
    bank = Bank(vectors[Modality.SPECTRUM], vectors[Modality.IMAGE], pairs.z)
    given = {
        name: change(batch.spectrum_flux, batch.spectrum_ivar, np.random.default_rng(_SEED))
        for name, change in spectrum_changes().items()
    }
    given |= {name: GivenSpectra(*spectra) for name, spectra in again.spectra.items()}
    found = {UNCHANGED: bank.own[rows]}
    for name, spectra in given.items():
        found[name] = pair.spectrum.embed(
            spectra.flux, spectra.ivar, spectra.mask, calibrated=spectra.calibrated
        )
    return {
        name: robustness_scores(changed, rows, bank, "spectrum").as_dict()
        for name, changed in found.items()
    }


if __name__ == "__main__":
    sys.exit(main())
