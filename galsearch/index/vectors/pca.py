"""The directions in which vectors spread, widest first: what a sample of them tells.

Embeddings fill far fewer directions than they have components. A rotation to the widest ones lets
inverted lists hold short codes, and tells which components a compact store must keep finely.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ManifestError

Matrix = npt.NDArray[np.float32]
BASIS_NAME = "basis.npz"
NEGLIGIBLE_SHARE = 2e-3
"""Share of the squared length that a shortened vector may lack. With that, the order of neighbours
a few per cent of a radian away survives well enough to pick candidates by; half of it finds no
more of them (measured at a million), and takes half as many components more."""
ROUGH_SHARE = 0.03
"""Share that a vector may lack where 4-bit codes describe it, which err by as much."""
_MULTIPLE = 16
"""Of components, that registers of 512 bits like."""
_FINE_SHARE = 4
"""One axis in so many, the widest, is stored finely."""
_RARE = 1e-3
"""Share of the sample beyond either end of a coarsely stored axis: its steps are a third as wide as
those that would reach the strangest vector, whose coordinate is cut."""
_WIDENING = 0.1
"""Of a range, to either side: for vectors that were not sampled."""


def n_fine(dim: int) -> int:
    """Axes, the widest, that are stored finely."""
    return max(1, dim // _FINE_SHARE)


@dataclass(frozen=True, eq=False)
class Basis:
    """An orthonormal basis in which the sampled vectors spread most along the first axes."""

    axes: Matrix
    """(d, d) float32, one axis a row."""
    shares: npt.NDArray[np.float64]
    """(d,) of the mean squared length along each axis, descending; their sum is 1."""
    low: Matrix
    """(d,) float32, the smallest coordinate along each axis that a store holds."""
    high: Matrix
    """(d,) float32, the largest."""

    @classmethod
    def of(cls, vectors: Matrix) -> Self:
        """The basis of a sample: eigenvectors of its second moments.

        The mean is not taken off: inner products with a question keep their order only in a
        rotation of the whole space. Signs are fixed, so that the same sample has one basis.
        """
        moments = np.asarray(vectors.T @ vectors, np.float64) / len(vectors)
        values, columns = np.linalg.eigh(moments)
        axes = columns[:, ::-1].T
        axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
        axes = np.ascontiguousarray(axes, np.float32)
        shares = np.maximum(values[::-1], 0.0)
        turned = vectors @ axes.T
        low, high = np.quantile(turned, [_RARE, 1 - _RARE], axis=0).astype(np.float32)
        n = n_fine(len(axes))
        low[:n], high[:n] = turned[:, :n].min(axis=0), turned[:, :n].max(axis=0)
        slack = np.maximum(_WIDENING * (high - low), np.float32(1e-6))
        return cls(axes, shares / shares.sum(), low - slack, high + slack)

    @property
    def dim(self) -> int:
        """Components of a vector."""
        return len(self.axes)

    @property
    def n_telling(self) -> int:
        """The fewest axes, a multiple of 16 (or all), that lack a negligible share together."""
        return self.n_lacking(NEGLIGIBLE_SHARE)

    def n_lacking(self, share: float) -> int:
        """The fewest axes, a multiple of 16 (or all), that lack at most this share together."""
        enough = int(np.searchsorted(np.cumsum(self.shares), 1 - share)) + 1
        return min(self.dim, _MULTIPLE * math.ceil(enough / _MULTIPLE))

    @cached_property
    def back(self) -> Matrix:
        """(d, d) from coordinates to components."""
        return np.ascontiguousarray(self.axes.T)

    def turn(self, vectors: Matrix) -> Matrix:
        """(n, d) coordinates along the axes, each row as if it were alone.

        One product a row: what a row becomes must not depend on the rows beside it.
        """
        return np.asarray(np.matmul(vectors[:, None, :], self.back)[:, 0])

    def write(self, path: Path) -> None:
        """As a NumPy archive."""
        np.savez(path, axes=self.axes, shares=self.shares, low=self.low, high=self.high)

    @classmethod
    def read(cls, path: Path, *, dim: int) -> Self:
        """What `write` wrote.

        Raises
        ------
        ManifestError
            Where the file is not the basis of vectors of `dim` components.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                basis = cls(arrays["axes"], arrays["shares"], arrays["low"], arrays["high"])
        except (OSError, ValueError, KeyError) as error:
            raise ManifestError(f"{path}: not a basis ({error}).") from None
        shapes = [each.shape for each in (basis.axes, basis.shares, basis.low, basis.high)]
        if shapes != [(dim, dim), (dim,), (dim,), (dim,)]:
            raise ManifestError(
                f"{path}: arrays of shapes {shapes}, manifest.json says {dim} components."
            )
        return basis
