"""Fit of the rules by which the level and scale of a spectrum without an arm are corrected.

    python -m benchmarks.robustness.fit_arm_rules DATASET

Each arm of the simulated spectra of a dataset is masked in turn, and the change of the summary is
fitted by features of the rest, by least squares. The printed rules are `ARM_RULES` in
`galsearch/encoders/preprocess/missing_arm.py`.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from galsearch.encoders.preprocess.log_wavelength import (
    log_wavelengths,
    spectra_on_log_grid,
    summarise,
)
from galsearch.encoders.preprocess.missing_arm import ARMS_ANGSTROM, features


def main(texts: list[str] | None = None) -> int:
    """Print the rules for the spectra of a dataset."""
    parser = argparse.ArgumentParser(description="Rules for spectra that lack an arm.")
    parser.add_argument("dataset", type=Path, help="directory that galsearch ingest wrote")
    value, precision, covered = log_spectra(parser.parse_args(texts).dataset)
    assert GALSEARCH_SMALL.spectrum is not None  # noqa: S101 (a constant)
    wavelength = log_wavelengths(GALSEARCH_SMALL.spectrum)
    print(f"{len(value):,} spectra")
    for arm in range(len(ARMS_ANGSTROM)):
        rule, before, after = fit_rule(value, precision, covered, wavelength, arm)
        rows = ", ".join(f"({', '.join(f'{number:.3f}' for number in row)})" for row in rule)
        print(f"    ({rows}),")
        print(f"        # rms without and with the rule: {before.round(3)}, {after.round(3)}")
    return 0


def log_spectra(dataset: Path) -> tuple[Float32Array, Float32Array, BoolArray]:
    """Flux, inverse variance and coverage (n, n_log_pixels) of all spectra of a dataset."""
    assert GALSEARCH_SMALL.spectrum is not None  # noqa: S101 (a constant)
    parts = []
    for partition in open_dataset(dataset).partitions:
        for batch in partition.batches(256, modalities=[Modality.SPECTRUM]):
            some = batch.take(np.flatnonzero(batch.has_spectrum))
            good = ~some.spectrum_mask & (some.spectrum_ivar > 0)
            arrays = some.spectrum_flux, some.spectrum_ivar, good
            parts.append(spectra_on_log_grid(*arrays, GALSEARCH_SMALL.spectrum))
    value, precision, covered = zip(*parts, strict=True)
    return np.concatenate(value), np.concatenate(precision), np.concatenate(covered)


def fit_rule(
    value: Float32Array,
    precision: Float32Array,
    covered: BoolArray,
    wavelength: Float64Array,
    arm: int,
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """The rule (4, 3) for a missing arm, and the rms of the three corrections without and with it.

    Parameters
    ----------
    value, precision, covered : (n, pixels)
        Whole spectra: flux, inverse variance and coverage.
    wavelength : (pixels,)
        Wavelengths of the pixels in Angstrom.
    arm
        Number of the arm that is masked: 0, 1 or 2 for B, R or Z.
    """
    low, high = ARMS_ANGSTROM[arm]
    rest = covered & ~((wavelength >= low) & (wavelength < high))
    whole = summarise(value, precision, covered, covered)
    part = summarise(value, precision, rest, rest)
    wanted = np.stack(
        [
            (whole.middle - part.middle) / part.scale,
            np.log10(whole.scale / part.scale),
            np.log10(whole.precision / part.precision) / 2,
        ],
        axis=1,
    )
    given = features(value, rest, part, wavelength, arm)
    rule, *_ = np.linalg.lstsq(given, wanted, rcond=None)
    left = wanted - given @ rule
    return np.asarray(rule), np.sqrt((wanted**2).mean(axis=0)), np.sqrt((left**2).mean(axis=0))


if __name__ == "__main__":
    sys.exit(main())
