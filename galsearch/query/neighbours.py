"""The answer to one question."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.core.target_id import TargetId, as_target_ids


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Galaxies by falling similarity, equal ones by ascending TARGETID; never the asking one.

    Immutable: the arrays are copies that cannot be written to. There are as many rows as were
    found, never a placeholder.

    Raises
    ------
    QueryError
        Where the arrays do not make such an answer.

    Examples
    --------
    >>> answer = Neighbours(
    ...     target_ids=np.array([8, 3]), similarity=np.array([0.9, 0.5], np.float32),
    ...     ra_deg=np.array([150.1, 150.2]), dec_deg=np.array([2.0, 2.1]),
    ...     z=np.array([0.1, np.nan]), using=Modality.IMAGE, among=Modality.SPECTRUM,
    ...     query_target_id=TargetId(5), exact=True)
    >>> answer
    Neighbours(2 by spectrum of the image of TARGETID 5: 8 (0.9000), 3 (0.5000))
    """

    target_ids: npt.NDArray[np.int64]
    """(k,)"""
    similarity: npt.NDArray[np.float32]
    """(k,) true cosine in -1 .. 1, recomputed from stored vectors: comparable across builds."""
    ra_deg: npt.NDArray[np.float64]
    dec_deg: npt.NDArray[np.float64]
    z: npt.NDArray[np.float64]
    """NaN where the redshift is not known."""
    using: Modality
    """Which of the asking galaxy's embeddings asked."""
    among: Modality
    """Which embeddings were searched."""
    query_target_id: TargetId | None
    """The asking galaxy; None where a vector asked."""
    exact: bool
    """Every stored vector was compared, rather than the candidates of the inverted lists."""

    def __post_init__(self) -> None:
        ids = as_target_ids(self.target_ids)
        arrays: dict[str, npt.NDArray[Any]] = {
            "target_ids": ids,
            "similarity": np.array(self.similarity, dtype=np.float32),
            **{
                name: np.array(getattr(self, name), dtype=np.float64)
                for name in ("ra_deg", "dec_deg", "z")
            },
        }
        for name, array in arrays.items():
            if array.shape != ids.shape:
                raise QueryError(f"{name} has shape {array.shape}, target_ids {ids.shape}.")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        _check_order(ids, arrays["similarity"], self.query_target_id)

    def __len__(self) -> int:
        return len(self.target_ids)

    def __iter__(self) -> Iterator[TargetId]:
        """The TARGETIDs, nearest first."""
        return (TargetId(target_id) for target_id in self.target_ids)

    def __repr__(self) -> str:
        asking = "a vector" if self.query_target_id is None else f"TARGETID {self.query_target_id}"
        first = zip(self.target_ids[:3], self.similarity[:3], strict=True)
        shown = ", ".join(f"{target_id} ({cosine:.4f})" for target_id, cosine in first)
        more = ", ..." if len(self) > 3 else ""
        return (
            f"Neighbours({len(self)} by {self.among} of the {self.using} of {asking}"
            f"{': ' if shown else ''}{shown}{more})"
        )


def _check_order(
    ids: npt.NDArray[np.int64], similarity: npt.NDArray[np.float32], asking: TargetId | None
) -> None:
    if asking is not None and (ids == asking).any():
        raise QueryError(f"the asking galaxy, TARGETID {asking}, is among its neighbours.")
    if not (np.abs(similarity) <= 1).all():
        raise QueryError("a similarity is not within -1 .. 1.")
    falls = similarity[1:] < similarity[:-1]
    ties = (similarity[1:] == similarity[:-1]) & (ids[1:] > ids[:-1])
    if not (falls | ties).all():
        row = int(np.argmin(falls | ties)) + 1
        raise QueryError(
            f"TARGETID {ids[row]} ({similarity[row]}) follows {ids[row - 1]} "
            f"({similarity[row - 1]}): similarity must fall, and ids ascend where it is equal."
        )
    if len(np.unique(ids)) != len(ids):
        raise QueryError("a TARGETID is among the neighbours twice.")
