"""How a stored vector's components become bytes, and again a unit vector.

`float32` and `float16` are plain rows. `int8` turns a vector to the axes along which its kind
spreads (`Basis`) and keeps 16 bits for the third of the axes that are widest and 8 bits for each
other: 1.33 bytes a component. Neighbours differ by little along the wide axes, where 8 bits would
tell them no longer apart; and an error of a stored vector's length is taken out by bringing it to
length one before it is compared.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from galsearch.index.basis import Basis, n_fine

Vectors = npt.NDArray[np.float32]
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

    def coordinates(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """(..., d) in the codec's own axes, of any length."""
        ...

    def turn(self, questions: Vectors) -> Vectors:
        """(n, d) questions in the codec's own axes."""
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

    def coordinates(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """The components."""
        return rows.astype(np.float64)

    def turn(self, questions: Vectors) -> Vectors:
        """The questions themselves."""
        return questions


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
    def _steps(self) -> npt.NDArray[np.float64]:
        most = np.full(self.basis.dim, 255.0)
        most[: self.n_fine] = 65535.0
        return np.asarray((self.basis.high.astype(np.float64) - self.basis.low) / most)

    @cached_property
    def _low(self) -> npt.NDArray[np.float64]:
        return self.basis.low.astype(np.float64)

    def encode(self, vectors: Vectors) -> npt.NDArray[Any]:
        """Each coordinate to the nearest step of its axis' range; beyond it, to its end."""
        steps, n = self._steps, self.n_fine
        counts = vectors @ self.basis.back
        counts -= self.basis.low
        counts /= steps.astype(np.float32)
        np.rint(counts, out=counts)
        rows = np.empty((len(vectors), self.width), np.uint8)
        fine = np.clip(counts[:, :n], 0, 65535).astype("<u2")
        rows[:, : 2 * n] = np.ascontiguousarray(fine).view(np.uint8)
        rows[:, 2 * n :] = np.clip(counts[:, n:], 0, 255)
        return rows

    def decode(self, rows: npt.NDArray[Any]) -> Vectors:
        """Back in the components that came in."""
        return _unit(self.coordinates(rows).astype(np.float32) @ self.basis.axes)

    def coordinates(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Along the axes."""
        n = self.n_fine
        found = np.empty((*rows.shape[:-1], self.basis.dim))
        found[..., :n] = rows[..., : 2 * n].view("<u2")
        found[..., n:] = rows[..., 2 * n :]
        found *= self._steps
        found += self._low
        return found

    def turn(self, questions: Vectors) -> Vectors:
        """Along the axes."""
        return self.basis.turn(questions)


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
