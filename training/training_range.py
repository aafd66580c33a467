"""Ranges of noise and redshift of a training set, written into the weights that it trained.

    python -m training.training_range DATASET WEIGHTS

The encoders then say of each embedding whether its data are shallower or deeper than nearly all
that they were trained on. The fingerprint of the weights stays the same.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import DatasetError, GalsearchError
from galsearch.dataset import Dataset, open_dataset
from galsearch.encoders import checkpoint
from galsearch.encoders.encoder_config import ModelConfig, TrainingRange
from galsearch.encoders.preprocess.assess_quality import medians, pixel_noise
from galsearch.encoders.preprocess.prepare import measured_images, measured_spectra

PERCENTILES = (0.5, 99.5)
"""Percentiles of the training set between which data are of usual depth."""
FLUX_EDGES = (0.3, 0.7)
"""Median fluxes of a spectrum, in 1e-17 erg / (s cm2 Angstrom), between which the range of depth is
measured by itself: bright galaxies are exposed for a shorter time than faint ones."""


def main(texts: list[str] | None = None) -> int:
    """Write the range of a dataset into a file of weights and print it; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m training.training_range", description="Range of the training data."
    )
    parser.add_argument("dataset", type=Path, help="directory that galsearch ingest wrote")
    parser.add_argument("weights", type=Path, help="safetensors file that is replaced")
    arguments = parser.parse_args(texts)
    try:
        model = checkpoint.read(arguments.weights)
        limits = training_range(open_dataset(arguments.dataset), model.config)
        model.config = dataclasses.replace(model.config, training_range=limits)
        checkpoint.save(arguments.weights, model, note=checkpoint.read_note(arguments.weights))
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(limits)
    return 0


def training_range(dataset: Dataset, config: ModelConfig) -> TrainingRange:
    """The range of the galaxies of a dataset that have an image and a spectrum.

    Parameters
    ----------
    dataset
        Galaxies that a model was trained on, or others drawn like them.
    config
        Configuration of the model, which states the part of an image that it sees.

    Raises
    ------
    DatasetError
        Where no galaxy has both an image and a spectrum.
    """
    noise, level, depth, redshift = [], [], [], []
    for partition in dataset.partitions:
        for batch in partition.batches(64):
            both = np.flatnonzero(batch.has_image & batch.has_spectrum)
            if not both.size:
                continue
            some = batch.take(both)
            noise.append(pixel_noise(*measured_images(some.image_flux, some.image_mask, config)))
            spectra = some.spectrum_flux, some.spectrum_ivar, some.spectrum_mask
            flux, ivar, bad = measured_spectra(*spectra)
            assert ivar is not None  # noqa: S101 (it was given)
            level.append(medians(flux, bad))
            depth.append(medians(ivar, bad))
            redshift.append(some.z)
    if not noise:
        raise DatasetError(f"{dataset.path}: no galaxy has both an image and a spectrum.")
    limits = np.nanpercentile(np.concatenate(noise), PERCENTILES, axis=0)
    return TrainingRange(
        image_noise_nanomaggies=_rounded(limits.T.ravel()),
        spectrum_ivar=_rounded(_depth_by_level(np.concatenate(depth), np.concatenate(level))),
        redshift=_rounded(np.nanpercentile(np.concatenate(redshift), PERCENTILES)),
        spectrum_flux_edges=FLUX_EDGES,
    )


def _depth_by_level(depth: Float64Array, level: Float64Array) -> Float64Array:
    """Limits of depth in each bin of flux; a bin without spectra has those of all."""
    number = np.searchsorted(FLUX_EDGES, level)
    limits = []
    for each in range(len(FLUX_EDGES) + 1):
        here = depth[number == each]
        limits.append(np.nanpercentile(here if here.size else depth, PERCENTILES))
    return np.concatenate(limits)


def _rounded(values: Float64Array) -> tuple[float, ...]:
    """Values of four significant digits."""
    return tuple(float(f"{value:.4g}") for value in values)


if __name__ == "__main__":
    sys.exit(main())
