"""Catalogue columns that say which embeddings to trust less, and why.

Each modality has a column of bits, `image_quality` and `spectrum_quality`, and a column that is
true or false for each reason, such as `image_band_missing`. All of them are null where a galaxy
lacks the modality or its quality is not known.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.arrays import TargetIds
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.vectors import REASONS, QualityBits
from galsearch.dataset.schema import TARGET_ID
from galsearch.embeddings.shard import read_quality


def quality_column_names(modality: Modality) -> tuple[str, ...]:
    """Names of the columns of one modality: the bits, then one for each reason.

    Examples
    --------
    >>> quality_column_names(Modality.SPECTRUM)[:3]
    ('spectrum_quality', 'spectrum_arm_missing', 'spectrum_partly_masked')
    """
    names = (str(reason.name).lower() for reason in REASONS[modality])
    return (f"{modality}_quality", *(f"{modality}_{name}" for name in names))


def with_quality(catalogue: pa.Table, shards: Mapping[Modality, Sequence[Path]]) -> pa.Table:
    """A catalogue with the quality of the embeddings in some shards.

    A column of the catalogue that has the name of one of these columns, such as a label, gets the
    prefix `label_`.

    Parameters
    ----------
    catalogue
        Catalogue sorted by TARGETID.
    shards
        Files of the shards of each modality. A modality of which no shard states quality gets no
        columns.
    """
    ids = catalogue[TARGET_ID].to_numpy()
    for modality, paths in shards.items():
        bits, known = _quality_of(ids, paths)
        if not known.any():
            continue
        reasons = ((bits & reason) > 0 for reason in REASONS[modality])
        columns = [pa.array(values, mask=~known) for values in (bits.astype(np.int32), *reasons)]
        for name, column in zip(quality_column_names(modality), columns, strict=True):
            catalogue = _without_name(catalogue, name).append_column(name, column)
    return catalogue


def count_reasons(catalogue: pa.Table, modality: Modality) -> dict[str, int]:
    """Number of embeddings of a modality for each reason to trust them less, without zeros.

    Parameters
    ----------
    catalogue
        A catalogue that `with_quality` returned.
    modality
        Modality of the embeddings.
    """
    found = {}
    for reason in REASONS[modality]:
        name = str(reason.name).lower()
        column = f"{modality}_{name}"
        n = pc.sum(catalogue[column]).as_py() if column in catalogue.column_names else None
        if n:
            found[name] = int(n)
    return found


def _quality_of(ids: TargetIds, paths: Sequence[Path]) -> tuple[QualityBits, np.ndarray]:
    """(n,) bits of the galaxies, and True for those whose quality is known."""
    bits, known = np.zeros(len(ids), np.uint16), np.zeros(len(ids), bool)
    for path in paths:
        target_ids, quality = read_quality(path)
        if quality is not None:
            rows = find_rows(ids, target_ids)
            bits[rows], known[rows] = quality, True
    return bits, known


def _without_name(catalogue: pa.Table, name: str) -> pa.Table:
    """The catalogue with a free column name."""
    if name not in catalogue.column_names:
        return catalogue
    catalogue = _without_name(catalogue, f"label_{name}")
    names = [f"label_{name}" if n == name else n for n in catalogue.column_names]
    return catalogue.rename_columns(names)
