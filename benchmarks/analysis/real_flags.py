"""Separation of right from wrong redshifts of real spectra by the scores that come with them.

Real SDSS and DESI spectra get redshifts from simulated neighbours, and from the templates of the
encoder. A redshift is right within 0.05 (1 + z), or within 0.01 (1 + z). Each score is compared
with that, by the area under the ROC curve. Nothing is fitted to the real spectra.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.downstream.scoring.accuracy_measures import area_under_curve
from benchmarks.realism.samples.spectrum_features import real_spectra, standardised
from benchmarks.realism.transfer.neighbour_redshifts import (
    bare_inputs,
    recorded_inputs,
    sdss_quasars,
    sdss_spectra,
    second_sdss_spectra,
)
from galsearch.analysis.bank.labelled_bank import BankNeighbours
from galsearch.analysis.bank.property_labels import Labels
from galsearch.analysis.calibration.conformal import share_at_least
from galsearch.analysis.calibration.number_estimate import NumberCalibration
from galsearch.analysis.template_odds import WINDOW, redshift_columns
from galsearch.core.arrays import BoolArray, Float64Array, Vectors
from galsearch.core.modality import Modality
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum
from galsearch.dataset import open_dataset

TOLERANCES = (0.05, 0.01)
K = 16
"""Number of neighbours; chosen before real spectra were looked at."""
_N_HELD_OUT = 1000

Inputs = dict[str, Any]
"""Arguments of the spectrum encoder."""


def measure_real_flags(encoder: Any, dataset: Path, real: Path, n: int) -> dict[str, Any]:
    """Redshifts and scores of real spectra, and the areas under the ROC curve of the scores.

    Parameters
    ----------
    encoder
        Spectrum encoder.
    dataset
        Simulated galaxies with `true_z` in their catalogue, which are the bank.
    real
        Directory of real survey files.
    n
        Number of simulated spectra in the bank.
    """
    spectra, z = simulated_spectra(dataset, n)
    banks = {
        "recorded": encoder.embed(**recorded_inputs(spectra)),
        "bare": encoder.embed(**_bare([standardised(one) for one in spectra])),
    }
    samples: dict[str, tuple[str, Inputs, Float64Array]] = {}
    for name, sample in (
        ("SDSS galaxies", sdss_spectra),
        ("SDSS galaxies, second sample", second_sdss_spectra),
        ("SDSS quasars", sdss_quasars),
    ):
        found, true = sample(real)
        samples[name] = "recorded", recorded_inputs(found), true
    flux, good, true = real_spectra(real)
    samples["DESI EDR, no level, no noise"] = "bare", bare_inputs(flux, good), true
    rows = {
        name: redshift_scores(encoder, banks[form], z, inputs, true)
        for name, (form, inputs, true) in samples.items()
    }
    return {"n_bank": len(z), "k": K, "samples": rows, "auc": areas(rows)}


def simulated_spectra(dataset: Path, n: int) -> tuple[list[Spectrum], Float64Array]:
    """Up to `n` simulated spectra of a dataset, drawn at random, and their true redshifts."""
    source = open_dataset(dataset)
    table = source.catalogue
    has = np.flatnonzero(table["has_spectrum"].to_numpy())
    rows = np.random.default_rng(0).permutation(has)[:n]
    ids = table["target_id"].to_numpy()[rows]
    batch = source.read(ids, modalities=[Modality.SPECTRUM])
    spectra = [
        Spectrum(DESI_WAVELENGTH_ANGSTROM, *arrays)
        for arrays in zip(
            batch.spectrum_flux, batch.spectrum_ivar, batch.spectrum_mask, strict=True
        )
    ]
    return spectra, np.asarray(table["true_z"].to_numpy(zero_copy_only=False)[rows], float)


def _bare(pairs: list[tuple[Float64Array, BoolArray]]) -> Inputs:
    return bare_inputs(np.stack([flux for flux, _ in pairs]), np.stack([good for _, good in pairs]))


def redshift_scores(
    encoder: Any, bank: Vectors, z: Float64Array, inputs: Inputs, true: Float64Array
) -> dict[str, list[float]]:
    """Redshifts of spectra from neighbours and from templates, and the scores of both.

    The first spectra of the bank, whose order is random, calibrate.
    """
    labels = Labels("z", np.arange(len(z)) + 1, z, None, 0)
    held_out = neighbours(bank[:_N_HELD_OUT], bank, own=True)
    calibration = NumberCalibration(labels, held_out, z[: len(held_out.similarity)])
    found = neighbours(encoder.embed(**inputs), bank, own=False)
    estimates = calibration.estimate(found)
    agreement_p = share_at_least(calibration.spreads, estimates.spread)
    bank_p = share_at_least(np.sort(held_out.distance), found.distance)
    odds = encoder.redshift_odds(**inputs)
    templates = redshift_columns(odds)
    step = np.abs(np.log1p(odds.z) - np.log1p(estimates.value)[:, None])
    columns = {
        "true": true,
        "neighbours": estimates.value,
        "low_68": estimates.low[68],
        "high_68": estimates.high[68],
        "low_95": estimates.low[95],
        "high_95": estimates.high[95],
        "agreement_p": agreement_p,
        "bank_p": bank_p,
        "reliability": np.minimum(agreement_p, bank_p),
        "odds_of_neighbours": np.where(step <= WINDOW, odds.probability, 0).sum(axis=1),
        "templates": templates["z"],
        "template_probability": templates["z_probability"],
    }
    return {name: np.round(values, 5).tolist() for name, values in columns.items()}


def neighbours(queries: Vectors, bank: Vectors, *, own: bool) -> BankNeighbours:
    """The `K` most similar vectors of a bank; with `own`, query i is row i of it and left out."""
    cosines = queries @ bank.T
    if own:
        np.fill_diagonal(cosines, -np.inf)
    rows = np.argsort(-cosines, axis=1)[:, :K]
    return BankNeighbours(np.take_along_axis(cosines, rows, axis=1), rows)


_SCORES: dict[str, tuple[str, ...]] = {
    "neighbours": ("agreement_p", "bank_p", "reliability", "odds_of_neighbours"),
    "templates": ("template_probability",),
}
"""Scores of each redshift: large where it should be right."""
GROUPS: dict[str, Callable[[str], bool]] = {
    "SDSS": lambda name: name.startswith("SDSS"),
    "DESI EDR": lambda name: name.startswith("DESI"),
    "all": bool,
}


def areas(samples: dict[str, dict[str, list[float]]]) -> list[dict[str, Any]]:
    """The area under the ROC curve of each score, for groups of samples and tolerances.

    It is None where all redshifts of a group are right, or all are wrong.
    """
    out = []
    for group, belongs in GROUPS.items():
        chosen = [sample for name, sample in samples.items() if belongs(name)]
        joined = {key: np.concatenate([one[key] for one in chosen]) for key in chosen[0]}
        for redshift, scores in _SCORES.items():
            error = np.abs(joined[redshift] - joined["true"]) / (1 + joined["true"])
            for tolerance in TOLERANCES:
                right = error <= tolerance
                mixed = right.any() and not right.all()
                out.append(
                    {
                        "group": group,
                        "redshift": redshift,
                        "tolerance": tolerance,
                        "n": len(right),
                        "n_wrong": int((~right).sum()),
                        "auc": {
                            score: area_under_curve(right, joined[score]) if mixed else None
                            for score in scores
                        },
                    }
                )
    return out
