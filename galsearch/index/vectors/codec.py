"""How a stored vector's components become bytes, and again a unit vector.

`float32` and `float16` are plain rows. `int8` turns a vector to the axes along which its kind
spreads (`Basis`) and keeps 16 bits for the quarter of the axes that are widest and 8 bits for
each other: 1.25 bytes a component. Neighbours differ by little along the wide axes, where 8 bits
would tell them no longer apart. Rounding is done so that a row's length stays one: an error along
the vector itself would disturb its cosines most, and a length need not be known to compare it. A
cosine is then one product of the row's bytes with weights that a question is turned into.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from galsearch.index.vectors.pca import Basis, n_fine

Vectors = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
_FAR, _ATTEMPTS = 1e-3, 3
"""A row's length is off by more where coordinates were cut; then the others are lengthened."""
_NEAR = 1e-6
_MENDED_AXES, _SHIFT = 10, 2.5e-4
"""Fine axes that may change to mend a length, and by how much."""
_LARGE = 0.1
"""Coordinates that change by more where that is not enough."""
STORES = ("float32", "float16", "int8")
"""The names that recipes know."""


class Codec(Protocol):
    """Rows of a file that stand for unit vectors."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of an element of a row."""
        ...

    @property
    def width(self) -> int:
        """Elements of a row."""
        ...

    def encode(self, vectors: Vectors) -> npt.NDArray[Any]:
        """(n, width) rows of unit vectors."""
        ...

    def decode(self, rows: npt.NDArray[Any]) -> Vectors:
        """(n, d) float32 unit vectors."""
        ...

    def weights(self, questions: Vectors) -> tuple[Doubles, Doubles]:
        """(n, width) and (n,): what a row's elements are multiplied by, and what is added.

        Of one question (d,): (width,) and a number, the same as among others.
        """
        ...

    def cosines(self, rows: npt.NDArray[Any], weights: Doubles) -> Doubles:
        """(...) of rows (..., width) with weights that broadcast to them, nothing added yet.

        Summed in double precision row by row.
        """
        ...


@dataclass(frozen=True)
class PlainCodec:
    """Components as they are, in `float32` or `float16`."""

    dtype: np.dtype[Any]
    width: int

    def encode(self, vectors: Vectors) -> npt.NDArray[Any]:
        """Rounded."""
        return np.asarray(vectors, self.dtype)

    def decode(self, rows: npt.NDArray[Any]) -> Vectors:
        """Brought to length one where they were rounded."""
        if self.dtype == np.float32:
            return np.asarray(rows)
        return _unit(rows.astype(np.float32))

    def weights(self, questions: Vectors) -> tuple[Doubles, Doubles]:
        """The questions themselves, and nothing to add."""
        return questions.astype(np.float64), np.zeros(questions.shape[:-1])

    def cosines(self, rows: npt.NDArray[Any], weights: Doubles) -> Doubles:
        """Products, divided by the lengths of rows that were rounded."""
        found = rows.astype(np.float64)
        products = np.vecdot(found, weights)
        if self.dtype != np.float32:
            products /= np.sqrt(np.vecdot(found, found))
        return np.asarray(products)


@dataclass(frozen=True)
class TurnedCodec:
    """Coordinates along the axes of a basis: the widest in two bytes, the others in one.

    Examples
    --------
    >>> sample = np.eye(4, dtype=np.float32)
    >>> codec = TurnedCodec(Basis.of(sample))
    >>> codec.width, abs(codec.decode(codec.encode(sample)) - sample).max() < 2e-3
    (5, np.True_)
    """

    basis: Basis
    dtype: np.dtype[Any] = field(default=np.dtype(np.uint8), init=False)

    @property
    def n_fine(self) -> int:
        """Axes of 16 bits."""
        return n_fine(self.basis.dim)

    @property
    def width(self) -> int:
        """Bytes of a row."""
        return self.basis.dim + self.n_fine

    @cached_property
    def _most(self) -> Doubles:
        most = np.full(self.basis.dim, 255.0)
        most[: self.n_fine] = 65535.0
        return most

    @cached_property
    def _steps(self) -> Doubles:
        return np.asarray((self.basis.high.astype(np.float64) - self.basis.low) / self._most)

    @cached_property
    def _low(self) -> Doubles:
        return self.basis.low.astype(np.float64)

    @cached_property
    def _asked(self) -> Vectors:
        """(d, width + 1): from a question to the weight of each byte, and to what is added."""
        n = self.n_fine
        back = self.basis.back.astype(np.float64)
        by_step = back * self._steps
        columns = np.empty((self.basis.dim, self.width + 1))
        columns[:, 0 : 2 * n : 2], columns[:, 1 : 2 * n : 2] = by_step[:, :n], 256 * by_step[:, :n]
        columns[:, 2 * n : -1], columns[:, -1] = by_step[:, n:], back @ self._low
        return columns.astype(np.float32)

    def encode(self, vectors: Vectors) -> npt.NDArray[Any]:
        """Each coordinate to the nearest step of its axis' range, beyond it to its end; then some
        of the fine ones by a few steps more, until the length is one.
        """
        turned = vectors @ self.basis.back
        counts = self._rounded(turned)
        lengths = np.sqrt(self._squares(counts))
        far = np.flatnonzero(np.abs(lengths - 1) > _FAR)
        for _ in range(_ATTEMPTS):
            if not len(far):
                break
            turned[far] /= lengths[far, None]
            counts[far] = self._rounded(turned[far])
            lengths[far] = np.sqrt(self._squares(counts[far]))
        self._to_length_one(counts)
        n = self.n_fine
        rows = np.empty((len(vectors), self.width), np.uint8)
        fine = np.ascontiguousarray(counts[:, :n], "<u2")
        rows[:, : 2 * n] = fine.view(np.uint8)
        rows[:, 2 * n :] = counts[:, n:]
        return rows

    def _rounded(self, turned: Vectors) -> Vectors:
        counts = turned - self.basis.low
        counts /= self._steps.astype(np.float32)
        np.rint(counts, out=counts)
        return np.clip(counts, 0, self._most.astype(np.float32), out=counts)

    def _squares(self, counts: Vectors) -> Doubles:
        coordinates = counts * self._steps + self._low
        return np.asarray(np.vecdot(coordinates, coordinates))

    def _to_length_one(self, counts: Vectors) -> None:
        """Change counts of some fine axes, from the widest on, until the lengths are one."""
        axes = np.unique(np.geomspace(1, self.n_fine, _MENDED_AXES).astype(int)) - 1
        missing = 1 - self._squares(counts)
        for axis in axes:
            self._mend(counts, missing, axis, farthest=_SHIFT)
        rest = np.flatnonzero(np.abs(missing) > _NEAR)
        if not len(rest):
            return
        some, left = counts[rest], missing[rest]
        for least in (_LARGE, 0.0):
            for axis in range(self.n_fine):
                self._mend(some, left, axis, least=least, beyond=_SHIFT / 2)
        for axis in axes:
            self._mend(some, left, axis, farthest=_SHIFT)
        counts[rest] = some

    def _mend(
        self,
        counts: Vectors,
        missing: Doubles,
        axis: int,
        *,
        farthest: float = np.inf,
        least: float = 0.0,
        beyond: float = 0.0,
    ) -> None:
        """Let one axis take of the `missing` squared length what its steps can take.

        Parameters
        ----------
        farthest
            By which a coordinate may change.
        least
            A smaller coordinate is left alone: it would have to change much.
        beyond
            A row that lacks less is left alone.
        """
        step, low = self._steps[axis], self._low[axis]
        before = counts[:, axis].astype(np.float64)
        coordinate = before * step + low
        wanted = np.copysign(np.sqrt(np.maximum(coordinate**2 + missing, 0)), coordinate)
        mended = (np.abs(coordinate) > least) & (np.abs(missing) > beyond)
        shift = np.where(mended, wanted - coordinate, 0)
        after = before + np.rint(np.clip(shift, -farthest, farthest) / step)
        after = np.clip(after, 0, self._most[axis])
        counts[:, axis] = after
        missing -= (after * step + low) ** 2 - coordinate**2

    def decode(self, rows: npt.NDArray[Any]) -> Vectors:
        """Back in the components that came in."""
        n = self.n_fine
        found = np.empty((*rows.shape[:-1], self.basis.dim))
        found[..., :n] = rows[..., : 2 * n].view("<u2")
        found[..., n:] = rows[..., 2 * n :]
        found *= self._steps
        found += self._low
        return _unit(found.astype(np.float32) @ self.basis.axes)

    def weights(self, questions: Vectors) -> tuple[Doubles, Doubles]:
        """One product a question: what it becomes does not depend on those beside it."""
        if questions.ndim == 1:
            asked = questions.dot(self._asked).astype(np.float64)
        else:
            asked = np.matmul(questions[:, None, :], self._asked)[:, 0].astype(np.float64)
        return asked[..., :-1], asked[..., -1]

    def cosines(self, rows: npt.NDArray[Any], weights: Doubles) -> Doubles:
        """Products of bytes and weights."""
        return np.asarray(np.vecdot(rows.astype(np.float64), weights))


def make_codec(store: str, dim: int, basis: Basis | None) -> Codec:
    """The codec of a store's name; `int8` needs the basis."""
    if store == "int8":
        if basis is None:
            raise ValueError("a compact store needs the basis of its vectors")
        return TurnedCodec(basis)
    return PlainCodec(np.dtype(store).newbyteorder("<"), dim)


def _unit(rows: Vectors) -> Vectors:
    rows /= np.sqrt(np.vecdot(rows, rows))[..., None]
    return rows
