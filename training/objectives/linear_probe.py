"""How much of a label lies in embeddings: the R2 of its nearest neighbours' mean, without training.

Pre-training has no other yardstick: its loss falls for many reasons.
"""

import difflib
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from torch import Tensor
from torch.nn import functional

from galsearch.core.errors import DatasetError
from training.data.galaxies import Galaxies

Floats = npt.NDArray[np.float64]


def read_label(galaxies: Galaxies, name: str, missing: Literal["refuse", "skip"]) -> Floats:
    """(n,) the label of every galaxy; NaN where it has none and `missing` is 'skip'.

    Raises
    ------
    DatasetError
        Where the catalogue has no such column of numbers, galaxies lack the label and may not,
        or fewer than two of a split have it.
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


def neighbours_r2(
    known: Tensor, known_labels: Floats, asked: Tensor, labels: Floats, *, k: int = 16
) -> float:
    """R2 of the mean label of the k most similar known galaxies, weighted by 1 / distance.

    Parameters
    ----------
    known, asked : (n, E), (m, E)
        Embeddings; compared by cosine.
    """
    rows, columns = functional.normalize(asked.float()), functional.normalize(known.float())
    similarity, nearest = (rows @ columns.T).topk(min(k, len(known)), dim=1)
    weights = 1 / (2 - 2 * similarity).clamp(min=1e-6).sqrt().double().numpy()
    guessed = (weights * known_labels[nearest.numpy()]).sum(1) / weights.sum(1)
    return float(1 - np.square(guessed - labels).sum() / np.square(labels - labels.mean()).sum())


def probe_rows(
    galaxies: Galaxies, labels: Floats, split: str, limit: int, seed: int
) -> npt.NDArray[np.int64]:
    """At most `limit` row numbers of a split whose galaxies have the label, chosen by the seed."""
    rows = galaxies.rows_of(split)
    rows = rows[np.isfinite(labels[rows])]
    chosen: npt.NDArray[np.int64] = np.random.default_rng(seed).permutation(rows)[:limit]
    return chosen
