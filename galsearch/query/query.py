"""A validated query: the same object is built by the command line, from Python and over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.core.errors import QueryError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.target_id import parse_target_ids
from galsearch.query.given_vector import check_vector

Cone: TypeAlias = tuple[float, float, float]
"""Right ascension and declination in degrees, radius in arcminutes."""
TargetIdInput: TypeAlias = int | str | Sequence[int | str] | npt.NDArray[np.integer]
"""One TARGETID or several, as integers or as their decimal text."""
_MAX_RADIUS_ARCMIN = 180 * 60


@dataclass(frozen=True, eq=False, init=False)
class Query:
    """Stored galaxies, or one vector, whose nearest neighbours are wanted.

    Everything that can be checked without an index is checked here, once. That an index holds
    these galaxies, or vectors of this dimension and encoder, is checked by `SearchEngine.search`.

    Parameters
    ----------
    target_ids
        TARGETIDs of the query galaxies; None where the query is a vector.
    vector : (d,) numbers
        An embedding of any length but zero, which need not be stored: an array, a list or a
        tensor.
    fingerprint
        Of the encoder that made the vector.
    using
        Modality of the query: which embedding of each query galaxy is compared, or what the
        vector is an embedding of. `using != among` is a cross-modal query.
    among
        Modality that is searched.
    k
        Number of neighbours wanted for each query galaxy.
    n_probe
        Number of inverted lists to probe; by default the number that the build tuned for the
        direction.
    exact
        Compare every stored vector: slow for millions of galaxies, always right.
    from_embeddings
        Directory that `embed_dataset` wrote, with the embeddings of the query galaxies, where the
        index does not hold them.
    where
        Condition over the catalogue's columns that every neighbour fulfils, such as
        `"0.1 < z < 0.3 and mag_r < 19 and class == 'BGS'"`.
    within
        Cone on the sky that holds every neighbour.
    ids
        TARGETIDs, in any number and order, among which every neighbour is. Those that the index
        does not hold are ignored.

    Raises
    ------
    InvalidTargetIdError
        Where a TARGETID is not a positive integer of 64 bits.
    InvalidFingerprintError
        Where `fingerprint` is not 64 hexadecimal digits.
    QueryError
        Where another argument is none of the above.

    Examples
    --------
    >>> query = Query("39627848784286003", using="image", among="spectrum", k=5)
    >>> query.target_ids, query.among
    (array([39627848784286003]), <Modality.SPECTRUM: 'spectrum'>)
    """

    target_ids: TargetIds | None
    """(n,) read-only."""
    vector: Float64Array | None
    """(d,) read-only, finite and not zero."""
    fingerprint: Fingerprint | None
    using: Modality
    among: Modality
    k: int
    n_probe: int | None
    exact: bool
    from_embeddings: Path | None
    where: str | None
    within: Cone | None
    ids: TargetIds | None
    """(m,) ascending, each once; read-only."""

    def __init__(
        self,
        target_ids: TargetIdInput | None = None,
        *,
        vector: npt.ArrayLike | None = None,
        fingerprint: str | None = None,
        using: Modality | str = Modality.IMAGE,
        among: Modality | str = Modality.IMAGE,
        k: int = 10,
        n_probe: int | None = None,
        exact: bool = False,
        from_embeddings: str | Path | None = None,
        where: str | None = None,
        within: Cone | None = None,
        ids: TargetIdInput | None = None,
    ) -> None:
        if (target_ids is None) == (vector is None):
            raise QueryError("a query needs either TARGETIDs or a vector.")
        if (vector is None) != (fingerprint is None):
            raise QueryError("a query vector, and no other query, has an encoder's fingerprint.")
        values = {
            "target_ids": None if target_ids is None else _checked_ids(target_ids),
            "vector": None if vector is None else check_vector(vector),
            "fingerprint": None if fingerprint is None else Fingerprint(fingerprint),
            "using": _checked_modality(using, "using"),
            "among": _checked_modality(among, "among"),
            "k": _checked_count(k, "k"),
            "n_probe": None if n_probe is None else _checked_count(n_probe, "n_probe"),
            "exact": bool(exact),
            "from_embeddings": None if from_embeddings is None else Path(from_embeddings),
            "where": None if where is None else _checked_where(where),
            "within": None if within is None else _checked_cone(within),
            "ids": None if ids is None else _checked_ids(np.unique(parse_target_ids(ids))),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)


def _checked_ids(target_ids: TargetIdInput) -> TargetIds:
    ids = parse_target_ids(target_ids)
    ids.flags.writeable = False
    return ids


def _checked_where(where: str) -> str:
    if not isinstance(where, str):
        raise QueryError(
            f'where is of type {type(where).__name__}; expected a text such as "z < 0.3".'
        )
    return where


def _checked_modality(value: Modality | str, name: str) -> Modality:
    try:
        return Modality(value)
    except ValueError:
        raise QueryError(f"{name} is {value!r}; expected 'image' or 'spectrum'.") from None


def _checked_count(value: int, name: str) -> int:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < 1:
        raise QueryError(f"{name} is {value!r}; expected a whole number, 1 or more.")
    return int(value)


def _checked_cone(within: Cone) -> Cone:
    is_sequence = isinstance(within, (Sequence, np.ndarray)) and not isinstance(
        within, (str, bytes)
    )
    try:
        ra_deg, dec_deg, radius_arcmin = (float(value) for value in within if is_sequence)
    except (TypeError, ValueError, OverflowError):
        raise QueryError(
            f"within is {within!r}; expected three numbers: right ascension and declination in "
            "degrees, radius in arcminutes."
        ) from None
    in_range = abs(dec_deg) <= 90 and 0 < radius_arcmin <= _MAX_RADIUS_ARCMIN
    if not (in_range and np.isfinite(ra_deg)):
        raise QueryError(
            f"within is ({ra_deg}, {dec_deg}, {radius_arcmin}); expected a finite right ascension "
            "in degrees, a declination of -90 .. 90 degrees and a radius above 0 and up to "
            f"{_MAX_RADIUS_ARCMIN} arcminutes."
        )
    return ra_deg, dec_deg, radius_arcmin
