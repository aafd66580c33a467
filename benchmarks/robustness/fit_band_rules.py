"""Fit of the rules by which a missing band of an image is filled from the other bands.

    python -m benchmarks.robustness.fit_band_rules DATASET

The logarithm of the flux of each band within the aperture is fitted by those of every choice of
other bands, by least squares, for the simulated galaxies of a dataset. The printed rules are
`BAND_RULES` in `galsearch/encoders/preprocess/fill_masked.py`.
"""

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.dataset import open_dataset
from galsearch.encoders.preprocess.fill_masked import APERTURE_PIXELS, SOFTENING_NANOMAGGIES

N_BANDS = 3


def main(texts: list[str] | None = None) -> int:
    """Print the rules for the galaxies of a dataset."""
    parser = argparse.ArgumentParser(description="Rules that fill a missing band from the others.")
    parser.add_argument("dataset", type=Path, help="directory that galsearch ingest wrote")
    logs = log_fluxes(parser.parse_args(texts).dataset)
    print(f"{len(logs):,} galaxies")
    for key, (rule, scatter) in fit_rules(logs).items():
        numbers = ", ".join(f"{value:.3f}" for value in rule)
        print(f"    {key}: ({numbers}),  # scatter of {2.5 * scatter:.2f} mag")
    return 0


def log_fluxes(dataset: Path) -> Float64Array:
    """(n, 3) log10 of the flux within the aperture in g, r, z of all images of a dataset."""
    parts = []
    for partition in open_dataset(dataset).partitions:
        for batch in partition.batches(64):
            images = batch.image_flux[batch.has_image & ~batch.image_mask.any(axis=(1, 2, 3))]
            side = images.shape[-1]
            y, x = np.mgrid[:side, :side] - (side - 1) / 2
            parts.append(images[:, :, np.hypot(x, y) < APERTURE_PIXELS].sum(axis=2))
    flux = np.concatenate(parts).astype(np.float64)
    return np.asarray(np.log10(np.maximum(flux, SOFTENING_NANOMAGGIES)))


def fit_rules(
    logs: Float64Array,
) -> dict[tuple[int, tuple[int, ...]], tuple[tuple[float, ...], float]]:
    """Constant and slopes, and their scatter, by a band and the others that predict it.

    Parameters
    ----------
    logs : (n, 3)
        log10 of the flux of each galaxy in each band.
    """
    rules = {}
    for band in range(N_BANDS):
        rest = [other for other in range(N_BANDS) if other != band]
        for size in (2, 1):
            for others in itertools.combinations(rest, size):
                columns = np.column_stack([np.ones(len(logs)), logs[:, others]])
                values, *_ = np.linalg.lstsq(columns, logs[:, band], rcond=None)
                scatter = float((logs[:, band] - columns @ values).std())
                rules[band, others] = (tuple(values.tolist()), scatter)
    return rules


if __name__ == "__main__":
    sys.exit(main())
