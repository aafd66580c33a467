"""Accuracy and calibration of estimates from the shipped bank of simulated galaxies.

    python -m benchmarks.analysis.shipped_bank EMBEDDINGS --out shipped_bank.json

EMBEDDINGS are those of a simulated survey of another seed than the bank (`galsearch simulate`,
`ingest` and `embed`), with the true properties in the catalogue. Nothing is fitted to them: k and
the calibration come from the bank alone.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.analysis.analysis_tables import estimates_table
from benchmarks.analysis.simulated_estimates import class_measures, number_measures
from benchmarks.retrieval.paired_embeddings import catalogue_of, read_all
from galsearch.analysis import Estimation
from galsearch.analysis.bank.labelled_bank import QueryGalaxies
from galsearch.analysis.bank.simulated_bank import (
    PROPERTIES,
    SIMULATED,
    provenance,
    simulated_bank,
)
from galsearch.analysis.calibration.number_estimate import NumberCalibration
from galsearch.analysis.calibration.property_estimator import PropertyEstimator
from galsearch.analysis.estimate import calibrated_estimators
from galsearch.analysis.estimation import N_HELD_OUT
from galsearch.core.errors import GalsearchError
from galsearch.core.fingerprint import require_same_encoder
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.files.atomic import write_json


def measure(embeddings: Path) -> dict[str, Any]:
    """Measures of each property of the shipped bank in every direction, and the galaxies.

    Raises
    ------
    EncoderMismatchError
        Where the embeddings are of another encoder than the bank.
    """
    pairs = read_all(embeddings)
    bank = simulated_bank()
    require_same_encoder({str(embeddings): pairs.fingerprint, SIMULATED: bank.manifest.fingerprint})
    columns = [one.column for one in PROPERTIES.values()]
    table = catalogue_of(embeddings, pairs.target_ids, [*columns, "ra_deg", "dec_deg"])
    places = table["ra_deg"].to_numpy(), table["dec_deg"].to_numpy()
    estimates: dict[str, Any] = {name: {} for name in PROPERTIES}
    for using, among in DIRECTIONS:
        request = Estimation(
            None, list(PROPERTIES), bank=SIMULATED, using=using, among=among, n_held_out=N_HELD_OUT
        )
        galaxies = QueryGalaxies(pairs.target_ids, pairs.vectors[using], *places)
        for estimator in calibrated_estimators(bank, request):
            name = estimator.facts.property
            true = np.asarray(table[PROPERTIES[name].column].to_pylist())
            estimates[name][f"{using} to {among}"] = measured(estimator, galaxies, using, true)
    return {
        "bank": provenance(),
        "fingerprint": pairs.fingerprint,
        "n_tested": len(pairs),
        "estimates": estimates,
    }


def measured(
    estimator: PropertyEstimator,
    galaxies: QueryGalaxies,
    using: Modality,
    true: npt.NDArray[Any],
) -> dict[str, Any]:
    """Accuracy and calibration of the estimates of one property.

    Parameters
    ----------
    true : (n,)
        True numbers, or names of the true classes.
    """
    found = estimator.bank.neighbours(galaxies, using, estimator.k)
    columns, facts = estimator.columns(found), estimator.facts
    out = {
        "n_bank": facts.n_labelled,
        "n_calibrated": facts.n_held_out,
        "n_tested": len(galaxies),
        "k": facts.k,
        "outside_bank": float(columns[f"{facts.property}_outside_bank"].mean()),
    }
    if isinstance(estimator.calibration, NumberCalibration):
        pit = estimator.calibration.pit(found, true)
        return out | number_measures(facts.property, columns, true, pit)
    classes = np.array(estimator.calibration.classes)
    codes = np.searchsorted(classes, true).astype(float)
    return out | class_measures(facts.property, columns, classes, codes)


def main() -> int:
    """Measure the embeddings that the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysis.shipped_bank")
    parser.add_argument("embeddings", type=Path, help="embeddings of a fresh simulated survey")
    parser.add_argument("--out", type=Path, default=Path("shipped_bank.json"))
    options = parser.parse_args()
    try:
        results = measure(options.embeddings)
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    write_json(options.out, results, indent=None)
    print(estimates_table(json.loads(json.dumps(results["estimates"]))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
