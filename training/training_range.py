"""Ranges of noise and redshift of a training set, written into the weights that it trained.

    python -m training.training_range DATASET WEIGHTS

DATASET is a dataset, or a set of exposures that `training.exposures` made.
The encoders then say of each embedding whether its data are shallower or deeper than nearly all
that they were trained on. The fingerprint of the weights stays the same.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy as np
import torch

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import DatasetError, GalsearchError
from galsearch.dataset import Dataset, open_dataset
from galsearch.encoders import checkpoint
from galsearch.encoders.encoder_config import ModelConfig, TrainingRange
from galsearch.encoders.preprocess.assess_quality import medians, pixel_noise
from galsearch.encoders.preprocess.prepare import (
    SOFTENING_NANOMAGGIES,
    STRETCH_DIVISOR,
    measured_images,
    measured_spectra,
    prepare_spectra,
)
from training.exposures.exposure_augmentation import stored_images
from training.exposures.exposure_set import RECORD_NAME, ExposureSet, open_exposure_set

PERCENTILES = (0.5, 99.5)
"""Percentiles of the training set between which data are of usual depth."""
FLUX_EDGES = (0.3, 0.7)
"""Median fluxes of a spectrum, in 1e-17 erg / (s cm2 Angstrom), between which the range of depth is
measured by itself: bright galaxies are exposed for a shorter time than faint ones."""
N_EXPOSED, _BATCH = 4000, 64
"""Largest number of training galaxies of a set of exposures that are measured, and of those that
are read at once."""


def main(texts: list[str] | None = None) -> int:
    """Write the range of a dataset into a file of weights and print it; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m training.training_range", description="Range of the training data."
    )
    parser.add_argument(
        "dataset", type=Path, help="directory from galsearch ingest or training.exposures"
    )
    parser.add_argument("weights", type=Path, help="safetensors file that is replaced")
    arguments = parser.parse_args(texts)
    try:
        model = checkpoint.read(arguments.weights)
        if (arguments.dataset / RECORD_NAME).is_file():
            limits = range_of_exposures(open_exposure_set(arguments.dataset), model.config)
        else:
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
    values = noise, level, depth, redshift
    return _range_of(*(np.concatenate(each) for each in values))


def range_of_exposures(exposures: ExposureSet, config: ModelConfig) -> TrainingRange:
    """The range of the training galaxies of a set of exposures, at most 4,000 of them.

    Parameters
    ----------
    exposures
        The set that a model was trained on.
    config
        Configuration of the model, which states the part of an image that it sees.
    """
    assert config.image is not None  # noqa: S101 (the weights hold both encoders)
    assert config.spectrum is not None  # noqa: S101
    precision = _precision_of_tokens(config)
    softening = torch.tensor(SOFTENING_NANOMAGGIES)[:, None, None]
    noise, level, depth, redshift = [], [], [], []
    rows = exposures.rows_of("train")
    for start in range(0, min(len(rows), N_EXPOSED), _BATCH):
        records = exposures.take(rows[start : start + _BATCH])
        codes = records["image"].reshape(-1, *records["image"].shape[2:])
        bits = records["mask"].reshape(-1, records["mask"].shape[-1])
        masked = dataclasses.replace(config.image, mask_channels=True)
        images, masks = stored_images(codes, bits, masked).chunk(2, dim=1)
        flux = torch.sinh(images * STRETCH_DIVISOR) * softening
        noise.append(pixel_noise(flux.numpy(), masks.numpy() > 0))
        summary = records["spectrum"][:, :, 0, : config.spectrum.n_summary].astype(np.float64)
        log_scatter, level_over_scatter, log_ratio = summary.reshape(-1, summary.shape[2]).T[:3]
        # The summary is log10 of the scatter, asinh(median / scatter) and log10(scatter / noise).
        level.append(np.sinh(level_over_scatter) * 10**log_scatter)
        depth.append(10 ** (2 * (log_ratio - log_scatter)) / precision)
        redshift.append(records["z"].astype(np.float64))
    values = noise, level, depth, redshift
    return _range_of(*(np.concatenate(each) for each in values))


def _precision_of_tokens(config: ModelConfig) -> float:
    """The inverse variance that tokens of a spectrum state where that of every pixel is 1.

    A pixel in log wavelength is wider than one of the spectrum.
    """
    assert config.spectrum is not None  # noqa: S101 (checked before)
    flux = np.random.default_rng(1).normal(size=(1, config.spectrum.n_pixels))
    summary = prepare_spectra(flux, np.ones_like(flux), None, config)[0, 0]
    return float(10 ** (2 * (summary[2] - summary[0])))


def _range_of(
    noise: Float64Array, level: Float64Array, depth: Float64Array, redshift: Float64Array
) -> TrainingRange:
    """The range of galaxies of given noise (n, bands), and median flux, depth and redshift (n,)."""
    return TrainingRange(
        image_noise_nanomaggies=_rounded(np.nanpercentile(noise, PERCENTILES, axis=0).T.ravel()),
        spectrum_ivar=_rounded(_depth_by_level(depth, level)),
        redshift=_rounded(np.nanpercentile(redshift, PERCENTILES)),
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
