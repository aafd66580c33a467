"""Redshifts from the odds of the spectrum encoder's template bank."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from galsearch.analysis.calibration.number_estimate import COVERAGES
from galsearch.analysis.calibration.property_estimator import Columns
from galsearch.analysis.estimation import Estimation
from galsearch.core.arrays import BoolArray, Float64Array, Rows, TargetIds
from galsearch.core.errors import MissingModalityError
from galsearch.core.ids import find_rows_unsorted
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress
from galsearch.dataset.batch import GalaxyBatch
from galsearch.dataset.reader import Dataset, open_dataset
from galsearch.query.inputs.own_data.own_spectrum import OwnSpectrum

if TYPE_CHECKING:
    from galsearch.encoders.encoder import RedshiftOdds, SpectrumEncoder

WINDOW = 0.01
"""Redshifts within this of one redshift, in units of 1 + z, count as the same."""
NOTE = "z: odds of templates, not calibrated"
_BATCH_SIZE = 64


def template_estimates(
    estimation: Estimation, progress: Progress
) -> Iterator[tuple[TargetIds, Columns, tuple[str, ...]]]:
    """TARGETIDs, columns and notes of the redshifts of spectra, a batch at a time.

    Parameters
    ----------
    estimation
        A request of the method `templates`: an own spectrum, or a dataset of which all galaxies
        with a spectrum are estimated, or those that are named.
    progress
        Called with stage, done and total.

    Raises
    ------
    UnknownTargetError, MissingModalityError
        Where a galaxy is not in the dataset, or has no spectrum.
    ConfigError
        Where the encoder has no templates.
    """
    # Imported here: torch takes seconds to import.
    from galsearch.encoders import EncoderPair, load

    given = estimation.encoder
    encoder = (given if isinstance(given, EncoderPair) else load(given)).spectrum
    encoder.require_templates()
    if estimation.own is not None and estimation.own.spectrum is not None:
        return iter([_own_estimate(encoder, estimation.own.spectrum)])
    assert estimation.dataset is not None  # noqa: S101 (the request has one or the other)
    source, ids = open_dataset(estimation.dataset), estimation.target_ids
    has = np.asarray(source.catalogue["has_spectrum"].to_numpy(), bool)
    if not has.any():
        raise MissingModalityError(f"dataset {source.name!r}: none of its galaxies has a spectrum.")
    if ids is None:
        return _estimated(_all_batches(source), encoder, int(has.sum()), progress)
    return _estimated(_named_batches(source, ids, has), encoder, len(ids), progress)


def own_redshift(encoder: "SpectrumEncoder", own: OwnSpectrum) -> Columns:
    """The columns of `redshift_columns` for one spectrum.

    Raises
    ------
    ConfigError
        Where the encoder has no templates.
    """
    spectrum = own.spectrum
    odds = encoder.redshift_odds(
        spectrum.flux[None],
        spectrum.ivar[None] if own.has_ivar else None,
        np.asarray(spectrum.mask)[None],
        calibrated=own.calibrated,
    )
    return redshift_columns(odds)


def _own_estimate(
    encoder: "SpectrumEncoder", own: OwnSpectrum
) -> tuple[TargetIds, Columns, tuple[str, ...]]:
    ids = np.array([own.target_id or 0], np.int64)
    return ids, own_redshift(encoder, own), (*own.notes, NOTE)


def _all_batches(source: Dataset) -> Iterator[GalaxyBatch]:
    """The galaxies of a dataset that have a spectrum."""
    for partition in source.partitions:
        for batch in partition.batches(_BATCH_SIZE, modalities=[Modality.SPECTRUM]):
            if batch.has_spectrum.any():
                yield batch.take(np.flatnonzero(batch.has_spectrum))


def _named_batches(source: Dataset, target_ids: TargetIds, has: BoolArray) -> Iterator[GalaxyBatch]:
    """The galaxies that are named, after a check that each has a spectrum."""
    rows = find_rows_unsorted(source.target_ids, target_ids)
    lacks = target_ids[(rows >= 0) & ~has[rows]]
    if len(lacks):
        raise MissingModalityError(
            f"dataset {source.name!r}: {len(lacks):,} of {len(target_ids):,} galaxies have no "
            f"spectrum, first TARGETID {lacks[0]}."
        )
    parts = range(0, len(target_ids), _BATCH_SIZE)
    # The first part is read now, so that an unknown TARGETID is an error at once.
    first = source.read(target_ids[:_BATCH_SIZE], modalities=[Modality.SPECTRUM])
    unknown = target_ids[rows < 0]
    if len(unknown):
        source.read(unknown[:1], modalities=[Modality.SPECTRUM])
    return itertools.chain(
        [first],
        (
            source.read(target_ids[start : start + _BATCH_SIZE], modalities=[Modality.SPECTRUM])
            for start in parts[1:]
        ),
    )


def _estimated(
    batches: Iterator[GalaxyBatch], encoder: "SpectrumEncoder", total: int, progress: Progress
) -> Iterator[tuple[TargetIds, Columns, tuple[str, ...]]]:
    n_done = 0
    for batch in batches:
        odds = encoder.redshift_odds(batch.spectrum_flux, batch.spectrum_ivar, batch.spectrum_mask)
        n_done += len(batch)
        progress("estimating", n_done, total)
        yield batch.target_ids, redshift_columns(odds), (NOTE,)


def redshift_columns(odds: "RedshiftOdds") -> Columns:
    """The columns of redshifts from the odds of templates: value, intervals, and second choice.

    The value is the mean ln(1 + z) within `WINDOW` of the most probable bin. The limits of the
    intervals are quantiles of all redshifts; they enclose the value.
    """
    log_z = np.log1p(odds.z)
    half_width = max(1, round(WINDOW / odds.bin_width))
    window = _window_sums(odds.probability, half_width)
    best = odds.probability.argmax(axis=1)
    value = _local_mean(odds.probability, log_z, best, half_width)
    columns: Columns = {"z": np.expm1(value)}
    cumulative = np.cumsum(odds.probability, axis=1)
    for name, coverage in COVERAGES.items():
        tail = (1 - coverage) / 2
        low, high = (
            _quantile(cumulative, log_z, odds.bin_width, level) for level in (tail, 1 - tail)
        )
        columns[f"z_low_{name}"] = np.expm1(np.minimum(low, value))
        columns[f"z_high_{name}"] = np.expm1(np.maximum(high, value))
    rows = np.arange(len(best))
    columns["z_probability"] = window[rows, best]
    others = np.abs(np.arange(len(log_z)) - best[:, None]) > 2 * half_width
    second = np.where(others, odds.probability, 0).argmax(axis=1)
    columns["z_second"] = np.expm1(_local_mean(odds.probability, log_z, second, half_width))
    columns["z_second_probability"] = window[rows, second]
    return columns


def _window_sums(probability: Float64Array, half_width: int) -> Float64Array:
    """(n, bins) sums of the probabilities within a number of bins of each bin."""
    padded = np.pad(probability, ((0, 0), (half_width + 1, half_width)))
    total = np.cumsum(padded, axis=1)
    return np.asarray(total[:, 2 * half_width + 1 :] - total[:, : -2 * half_width - 1])


def _local_mean(
    probability: Float64Array, log_z: Float64Array, best: Rows, half_width: int
) -> Float64Array:
    """(n,) mean ln(1 + z) of the bins around one bin of each spectrum."""
    near = np.abs(np.arange(len(log_z)) - best[:, None]) <= half_width
    weights = np.where(near, probability, 0)
    return np.asarray((weights * log_z).sum(axis=1) / weights.sum(axis=1))


def _quantile(
    cumulative: Float64Array, log_z: Float64Array, bin_width: float, level: float
) -> Float64Array:
    """(n,) quantiles in ln(1 + z); the probability of a bin is spread evenly over its width."""
    return np.array(
        [np.interp(level, row, log_z + bin_width / 2) for row in cumulative], np.float64
    )
