"""The `int8` encoding: unit vectors as 8-bit and 16-bit coordinates along their principal axes.

The widest quarter of the axes has 16 bits, each other axis 8 bits: 1.25 bytes for each dimension on
average. Near neighbours differ by little along the wide axes; with 8 bits there they could not be
distinguished.

Coordinates are rounded such that the decoded vector has norm 1, for two reasons: an error along the
vector itself would change its cosines most, and a cosine can then be computed without knowing the
norm. A cosine is one inner product of the bytes of a row with weights that depend on the query.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, Vectors
from galsearch.index.vectors.pca import PrincipalAxes, multiply_rows, n_fine_axes

_MAX_NORM_ERROR = 1e-3
"""If clipping changed the norm of a vector by more than 1e-3, its coordinates are rescaled."""
_MAX_RESCALINGS = 3
"""Largest number of times that the coordinates of a clipped vector are rescaled."""
_MAX_SQUARED_NORM_ERROR = 1e-6
"""If the squared norm of a vector differs from 1 by more than 1e-6 after the first correction, the
vector is corrected along all axes with 16 bits."""
_N_CORRECTED_AXES = 10
"""Number of axes with 16 bits along which every vector is corrected to norm 1."""
_MAX_CORRECTION = 2.5e-4
"""Largest change of a coordinate when every vector is corrected to norm 1."""
_LARGE_COORDINATE = 0.1
"""Smallest coordinate that is changed first where small corrections do not give a norm of 1."""
_MAX_ERROR_RATIO = 2.0
"""Ratio of the error of a vector to the typical error of rounding and of correcting the norm, above
which the vector is a misfit. Rounding alone never exceeds 1.74 times its rms error."""


@dataclass(frozen=True)
class Int8Codec:
    """Codec of the `int8` encoding, which stores coordinates of vectors along principal axes.

    Coordinates along the widest quarter of the axes take two bytes, all other coordinates one byte.

    Examples
    --------
    >>> sample = np.eye(4, dtype=np.float32)
    >>> codec = Int8Codec(PrincipalAxes.fit(sample))
    >>> codec.width, abs(codec.decode(codec.encode(sample)) - sample).max() < 2e-3
    (5, np.True_)
    """

    pca: PrincipalAxes
    dtype: np.dtype[Any] = field(default=np.dtype(np.uint8), init=False)

    @property
    def n_fine(self) -> int:
        """Number of axes along which coordinates have 16 bits, the "fine" axes."""
        return n_fine_axes(self.pca.dim)

    @property
    def width(self) -> int:
        """Number of bytes of an encoded vector."""
        return self.pca.dim + self.n_fine

    @cached_property
    def _max_levels(self) -> Float64Array:
        """Largest quantisation level of each axis, 65,535 or 255, shape (d,)."""
        levels = np.full(self.pca.dim, 255.0)
        levels[: self.n_fine] = 65535.0
        return levels

    @cached_property
    def _steps(self) -> Float64Array:
        """Size of a quantisation step along each axis, shape (d,)."""
        return np.asarray((self.pca.high.astype(np.float64) - self.pca.low) / self._max_levels)

    @cached_property
    def _low(self) -> Float64Array:
        """Coordinate along each axis that quantisation level 0 stands for, shape (d,)."""
        return self.pca.low.astype(np.float64)

    @cached_property
    def _query_matrix(self) -> Float32Array:
        """Matrix by which a query vector is multiplied, shape (d, width + 1).

        The product is the weight of each byte of an encoded row and, in the last column, the
        offset of the cosine.
        """
        n = self.n_fine
        rotation = self.pca.rotation.astype(np.float64)
        scaled = rotation * self._steps
        columns = np.empty((self.pca.dim, self.width + 1))
        columns[:, 0 : 2 * n : 2], columns[:, 1 : 2 * n : 2] = scaled[:, :n], 256 * scaled[:, :n]
        columns[:, 2 * n : -1], columns[:, -1] = scaled[:, n:], rotation @ self._low
        return columns.astype(np.float32)

    def encode(self, vectors: Vectors) -> npt.NDArray[Any]:
        """The bytes that stand for (n, d) unit vectors, shape (n, width).

        Each coordinate is rounded to the nearest step within the range of its axis. Then some
        coordinates along the axes with 16 bits are changed by a few steps, until the norm is 1. The
        bytes of a vector do not depend on the other vectors of the call.
        """
        rotated = self.pca.rotate(vectors)
        levels = self._quantise(rotated)
        norms = np.sqrt(self._squared_norms(levels))
        clipped = np.flatnonzero(np.abs(norms - 1) > _MAX_NORM_ERROR)
        for _ in range(_MAX_RESCALINGS):
            if not len(clipped):
                break
            rotated[clipped] /= norms[clipped, None]
            levels[clipped] = self._quantise(rotated[clipped])
            norms[clipped] = np.sqrt(self._squared_norms(levels[clipped]))
        self._correct_norms(levels)
        n = self.n_fine
        rows = np.empty((len(vectors), self.width), np.uint8)
        fine = np.ascontiguousarray(levels[:, :n], "<u2")
        rows[:, : 2 * n] = fine.view(np.uint8)
        rows[:, 2 * n :] = levels[:, n:]
        return rows

    def _quantise(self, rotated: Float32Array) -> Float32Array:
        """The quantisation levels nearest to coordinates along the principal axes.

        They are whole numbers in a float32 array of shape (n, d).
        """
        levels = rotated - self.pca.low
        levels /= self._steps.astype(np.float32)
        np.rint(levels, out=levels)
        return np.clip(levels, 0, self._max_levels.astype(np.float32), out=levels)

    def _squared_norms(self, levels: Float32Array) -> Float64Array:
        """Squared norms of the vectors that quantisation levels stand for, shape (n,)."""
        coordinates = levels * self._steps + self._low
        return np.asarray(np.vecdot(coordinates, coordinates))

    def _correct_norms(self, levels: Float32Array) -> None:
        """Change quantisation levels in place until the decoded vectors have norm 1.

        Only levels of the axes with 16 bits are changed, those of the widest axes first.
        """
        axes = np.unique(np.geomspace(1, self.n_fine, _N_CORRECTED_AXES).astype(int)) - 1
        deficits = 1 - self._squared_norms(levels)
        for axis in axes:
            self._correct_axis(levels, deficits, axis, max_change=_MAX_CORRECTION)
        remaining = np.flatnonzero(np.abs(deficits) > _MAX_SQUARED_NORM_ERROR)
        if not len(remaining):
            return
        some_levels, some_deficits = levels[remaining], deficits[remaining]
        for min_coordinate in (_LARGE_COORDINATE, 0.0):
            for axis in range(self.n_fine):
                self._correct_axis(
                    some_levels,
                    some_deficits,
                    axis,
                    min_coordinate=min_coordinate,
                    min_deficit=_MAX_CORRECTION / 2,
                )
        for axis in axes:
            self._correct_axis(some_levels, some_deficits, axis, max_change=_MAX_CORRECTION)
        levels[remaining] = some_levels

    def _correct_axis(
        self,
        levels: Float32Array,
        deficits: Float64Array,
        axis: int,
        *,
        max_change: float = np.inf,
        min_coordinate: float = 0.0,
        min_deficit: float = 0.0,
    ) -> None:
        """Adjust one coordinate so that the norm error shrinks as much as quantisation allows.

        Parameters
        ----------
        levels : (n, d)
            Quantisation levels, changed in place.
        deficits : (n,)
            1 minus the squared norm of each row, changed in place.
        axis
            Index of the coordinate.
        max_change
            Largest change of the coordinate.
        min_coordinate
            Smaller coordinates are not changed: the change would have to be large.
        min_deficit
            Rows with a smaller deficit are not changed.
        """
        step, low = self._steps[axis], self._low[axis]
        before = levels[:, axis].astype(np.float64)
        coordinate = before * step + low
        wanted = np.copysign(np.sqrt(np.maximum(coordinate**2 + deficits, 0)), coordinate)
        corrected = (np.abs(coordinate) > min_coordinate) & (np.abs(deficits) > min_deficit)
        change = np.where(corrected, wanted - coordinate, 0)
        after = before + np.rint(np.clip(change, -max_change, max_change) / step)
        after = np.clip(after, 0, self._max_levels[axis])
        levels[:, axis] = after
        deficits -= (after * step + low) ** 2 - coordinate**2

    def decode(self, rows: npt.NDArray[Any], *, one_by_one: bool = False) -> Vectors:
        """The unit vectors of encoded rows in the original axes, (n, d); see `Codec.decode`."""
        coordinates = self._coordinates(rows).astype(np.float32)
        product = multiply_rows if one_by_one else np.matmul
        vectors: Vectors = product(coordinates, self.pca.axes)
        vectors /= np.sqrt(np.vecdot(vectors, vectors))[..., None]
        return vectors

    def _coordinates(self, rows: npt.NDArray[Any]) -> Float64Array:
        """Coordinates along the principal axes that encoded rows stand for, shape (n, d)."""
        n = self.n_fine
        coordinates = np.empty((*rows.shape[:-1], self.pca.dim))
        coordinates[..., :n] = rows[..., : 2 * n].view("<u2")
        coordinates[..., n:] = rows[..., 2 * n :]
        coordinates *= self._steps
        coordinates += self._low
        return coordinates

    def misfits(self, vectors: Vectors, rows: npt.NDArray[Any]) -> BoolArray:
        """True for each vector whose coordinates were clipped by more than they are rounded, (n,).

        A vector is a misfit if its error is more than twice the typical one.
        """
        errors = self._coordinates(rows) - self.pca.rotate(vectors)
        typical = np.sqrt(np.square(self._steps).sum() / 12) + 2 * _MAX_CORRECTION
        return np.asarray(np.sqrt(np.vecdot(errors, errors)) > _MAX_ERROR_RATIO * typical)

    def weights(self, queries: Vectors) -> tuple[Float64Array, Float64Array]:
        """Weights of the bytes of an encoded row, and offset, for each query; see `Codec.weights`.

        Each query is multiplied separately, so that its weights do not depend on the other queries
        of the call.
        """
        # A single query is multiplied as each query of a batch is, for the same last bits.
        single = np.matmul(np.atleast_2d(queries)[:, None, :], self._query_matrix)
        products = single.reshape(*queries.shape[:-1], -1).astype(np.float64)
        return products[..., :-1], products[..., -1]

    def cosines(self, rows: npt.NDArray[Any], weights: Float64Array) -> Float64Array:
        """Inner products of the bytes of rows with the weights of queries; see `Codec.cosines`."""
        return np.asarray(np.vecdot(rows.astype(np.float64), weights))
