"""Galaxies and labels of one run of the downstream benchmark, checked before training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.downstream.data import prediction_targets
from benchmarks.downstream.data.labelled_galaxies import Galaxies
from galsearch.core.arrays import BoolArray, Float64Array, Rows, TargetIds
from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import SPLITS
from galsearch.dataset.schema import HAS, TARGET_ID

MAG_COLUMNS = ("mag_g", "mag_r", "mag_z")
FEWEST_VALIDATION = 20
"""Smallest number of validation galaxies with which the benchmark runs."""
RESOLVED_COLUMN, RESOLVED_ARCSEC = "r_eff_arcsec", 2.0
"""Catalogue column of the half-light radius, and the smallest radius in arcsec of the galaxies
whose shapes are also scored separately.
"""


@dataclass(frozen=True, eq=False)
class Sample:
    """The galaxies of a run, all of which have every measured modality, with labels, in order of
    TARGETID.
    """

    target_ids: TargetIds
    """(n,) TARGETIDs of the galaxies, ascending."""
    split: npt.NDArray[np.str_]
    """(n,) split of each galaxy: 'train', 'validation' or 'test'."""
    labels: dict[str, str]
    """Expression in catalogue columns from which each property was computed, by the property's
    name.
    """
    properties: prediction_targets.Targets
    """Redshift and physical properties of the galaxies, which are predicted."""
    shapes: prediction_targets.Targets | None
    """Morphological classes and flags of the galaxies; None where they are unknown."""
    magnitudes: Float64Array | None
    """(n, 3) magnitudes in g, r, z, NaN where not measured; None where the dataset has no
    magnitudes.
    """
    resolved: BoolArray | None
    """(n,) True for galaxies that are large enough for their shape to be visible; None where sizes
    are unknown.
    """
    messages: tuple[str, ...]
    """Messages for people on the galaxies and labels that were left out, and the reasons."""

    def rows(self, split: str) -> Rows:
        """Row numbers, within the sample, of the galaxies of one split ('train', 'validation' or
        'test').
        """
        return np.flatnonzero(self.split == split)


def draw_sample(
    galaxies: Galaxies,
    *,
    modalities: Sequence[Modality],
    labels: Sequence[str] = (),
    class_column: str | None = None,
    flags: Sequence[str] | None = None,
    n: int | None = None,
    seed: int = 1,
) -> Sample:
    """A sample of a dataset's galaxies with labels, on which a run of the downstream benchmark
    trains and tests its models.

    Parameters
    ----------
    galaxies
        The dataset.
    modalities
        Measured modalities; a galaxy without one of them is left out.
    labels
        Texts of the form NAME=EXPRESSION.
    class_column, flags
        Columns with morphological classes and flags. With None for both, the columns of the
        simulation are used where all of them exist.
    n
        Largest number of galaxies, which are chosen at random from all splits.
    seed
        Seed of the random choice.

    Raises
    ------
    DatasetError
        Where a modality, a label column, or enough known labels are missing.
    """
    table = galaxies.catalogue
    has = _has(galaxies, table, modalities)
    messages = [
        f"{galaxies.name}: {len(table)} galaxies, {int(has.sum())} have "
        f"{' and '.join(modalities)}; {int((~has).sum())} left out"
    ]
    rows = np.flatnonzero(has)
    if n is not None and n < len(rows):
        rows = np.random.default_rng(seed).choice(rows, n, replace=False)
        messages.append(f"{n} of them chosen at random (seed {seed})")
    rows = rows[np.argsort(table[TARGET_ID].to_numpy()[rows])]
    table, split = table.take(pa.array(rows)), galaxies.split[rows]
    found = prediction_targets.parse_labels(labels, table.column_names)
    properties = prediction_targets.properties_of(found, table)
    _check_splits(galaxies.name, split)
    for name, values in zip(properties.names, properties.values.T, strict=True):
        messages.append(prediction_targets.check_known(name, found[name], values, split))
    shapes = _shapes(class_column, flags, table, split, messages)
    return Sample(
        table[TARGET_ID].to_numpy(),
        split,
        found,
        properties,
        shapes,
        _magnitudes(table, messages),
        _resolved(table),
        tuple(messages),
    )


def _has(galaxies: Galaxies, table: pa.Table, modalities: Sequence[Modality]) -> BoolArray:
    has = {m: table[HAS[m]].to_numpy() for m in Modality}
    absent = [m for m in modalities if not has[m].any()]
    if absent:
        there = [m for m in Modality if has[m].any()]
        option = "".join(f" --modality {m}" for m in there)
        raise DatasetError(
            f"dataset {galaxies.name!r}: none of its {len(table)} galaxies has a "
            f"{' or a '.join(absent)}. To measure the other modality, add{option}."
        )
    out = np.logical_and.reduce([has[m] for m in modalities])
    if not out.any():
        raise DatasetError(
            f"dataset {galaxies.name!r}: none of its {len(table)} galaxies has both image and "
            "spectrum. To measure one of them, add --modality image or --modality spectrum."
        )
    return np.asarray(out)


def _check_splits(name: str, split: npt.NDArray[Any]) -> None:
    counts = {s: int((split == s).sum()) for s in SPLITS}
    fewest = {
        "train": prediction_targets.FEWEST_TRAIN,
        "validation": FEWEST_VALIDATION,
        "test": prediction_targets.FEWEST_TEST,
    }
    short = [s for s in SPLITS if counts[s] < fewest[s]]
    if short:
        raise DatasetError(
            f"dataset {name!r}: its splits hold "
            f"{', '.join(f'{counts[s]} {s}' for s in SPLITS)} galaxies; expected at least "
            f"{', '.join(f'{fewest[s]} {s}' for s in SPLITS)}. Measure a larger dataset."
        )


def _shapes(
    class_column: str | None,
    flags: Sequence[str] | None,
    table: pa.Table,
    split: npt.NDArray[Any],
    messages: list[str],
) -> prediction_targets.Targets | None:
    if class_column is None and flags is None:
        required = (prediction_targets.CLASS_COLUMN, *prediction_targets.FLAG_COLUMNS)
        missing = [name for name in required if name not in table.column_names]
        if missing:
            messages.append(f"shapes: not measured, the dataset has no {', '.join(missing)}")
            return None
        class_column, flags = prediction_targets.CLASS_COLUMN, prediction_targets.FLAG_COLUMNS
    shapes = prediction_targets.shapes_of(class_column, flags or (), table)
    messages.append(f"shapes: {', '.join(shapes.names)}")
    for name, values in zip(shapes.names, shapes.values.T, strict=True):
        text = prediction_targets.check_known(name, name.removeprefix("class:"), values, split)
        if not np.isfinite(values).all():
            messages.append(text)
    return shapes


def _magnitudes(table: pa.Table, messages: list[str]) -> Float64Array | None:
    for prefix in ("", "label_"):
        names = [prefix + name for name in MAG_COLUMNS]
        if all(name in table.column_names for name in names):
            values = [table[n].cast(pa.float64()).to_numpy(zero_copy_only=False) for n in names]
            magnitudes = np.stack(values, axis=1)
            if np.isfinite(magnitudes).all(axis=1).sum() >= prediction_targets.FEWEST_TRAIN:
                n_gaps = int((~np.isfinite(magnitudes)).any(axis=1).sum())
                messages.append(f"photometry: {', '.join(names)}; {n_gaps} galaxies lack a band")
                return magnitudes
    messages.append(f"photometry: not measured, the dataset has no {', '.join(MAG_COLUMNS)}")
    return None


def _resolved(table: pa.Table) -> BoolArray | None:
    if RESOLVED_COLUMN not in table.column_names:
        return None
    return np.asarray(table[RESOLVED_COLUMN].to_numpy() >= RESOLVED_ARCSEC)
