"""Labels of the galaxies of a training stage, such as redshifts, from a column of the catalogue."""

import difflib
from typing import Literal

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import DatasetError
from training.data.galaxies import TrainingGalaxies


def read_label(
    galaxies: TrainingGalaxies, name: str, missing: Literal["refuse", "skip"]
) -> Float64Array:
    """(n,) float64 label of every training and validation galaxy; NaN where a galaxy has no label
    and `missing` is 'skip'.

    Parameters
    ----------
    galaxies
        Galaxies of the training and validation splits.
    name
        Column of the catalogue.
    missing
        Action where a galaxy lacks the label: an error, or NaN.

    Raises
    ------
    DatasetError
        Where the catalogue has no numeric column of this name, galaxies lack the label and
        `missing` is 'refuse', or fewer than two galaxies of a split have it.
    """
    catalogue = galaxies.dataset.catalogue
    numeric = [
        field.name
        for field in catalogue.schema
        if pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
    ]
    if name not in numeric:
        near = difflib.get_close_matches(name, numeric, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(numeric)}."
        kind = "text" if name in catalogue.column_names else "no such column"
        raise DatasetError(
            f"label {name!r}: dataset {galaxies.dataset.name!r} has {kind} of that name where a "
            f"column of numbers is needed; {hint}"
        )
    labels = galaxies.column(name)
    known = np.isfinite(labels)
    if missing == "refuse" and not known.all():
        raise DatasetError(
            f"label {name!r}: {int((~known).sum())} of {len(labels)} galaxies have none (null, "
            'NaN or infinite). Name another column, or set missing_labels = "skip" to measure '
            "with the others."
        )
    for split in ("train", "validation"):
        if known[galaxies.rows_of(split)].sum() < 2:
            raise DatasetError(
                f"label {name!r}: fewer than 2 galaxies of the {split} split have it."
            )
    return np.where(known, labels, np.nan)
