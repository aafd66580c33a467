"""Stores unit vectors with 8 or 16 bits for each coordinate along the principal axes.

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

from galsearch.core.arrays import Float32Array, Float64Array, Vectors
from galsearch.index.vectors.pca import PrincipalAxes, n_fine_axes

_MAX_NORM_ERROR, _MAX_RESCALINGS = 1e-3, 3
"""If clipping changed the norm of a vector by more than this, rescale its coordinates, at most this
many times."""
_MAX_SQUARED_NORM_ERROR = 1e-6
"""Rows whose squared norm is still off by more are corrected along all fine axes."""
_N_CORRECTED_AXES, _MAX_CORRECTION = 10, 2.5e-4
"""Number of fine axes along which every row is corrected, and the largest change there."""
_LARGE_COORDINATE = 0.1
"""Coordinates above this are changed first where small corrections do not suffice."""


@dataclass(frozen=True)
class Int8Codec:
    """Stores coordinates along principal axes: two bytes for the widest axes, one for the others.

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
        """Number of axes with 16 bits."""
        return n_fine_axes(self.pca.dim)

    @property
    def width(self) -> int:
        """Number of bytes of an encoded vector."""
        return self.pca.dim + self.n_fine

    @cached_property
    def _max_levels(self) -> Float64Array:
        """(d,) largest quantisation level of each axis."""
        levels = np.full(self.pca.dim, 255.0)
        levels[: self.n_fine] = 65535.0
        return levels

    @cached_property
    def _steps(self) -> Float64Array:
        """(d,) size of a quantisation step of each axis."""
        return np.asarray((self.pca.high.astype(np.float64) - self.pca.low) / self._max_levels)

    @cached_property
    def _low(self) -> Float64Array:
        """(d,) coordinate of level 0 of each axis."""
        return self.pca.low.astype(np.float64)

    @cached_property
    def _query_matrix(self) -> Float32Array:
        """(d, width + 1) matrix from a query to the weights of all bytes and the offset."""
        n = self.n_fine
        rotation = self.pca.rotation.astype(np.float64)
        scaled = rotation * self._steps
        columns = np.empty((self.pca.dim, self.width + 1))
        columns[:, 0 : 2 * n : 2], columns[:, 1 : 2 * n : 2] = scaled[:, :n], 256 * scaled[:, :n]
        columns[:, 2 * n : -1], columns[:, -1] = scaled[:, n:], rotation @ self._low
        return columns.astype(np.float32)

    def encode(self, vectors: Vectors) -> npt.NDArray[Any]:
        """(n, width) bytes of unit vectors.

        Each coordinate is rounded to the nearest step within the range of its axis. Then some
        coordinates of the fine axes are changed by a few steps, until the norm is 1. A vector has
        the same bytes whatever vectors are beside it.
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
        """(n, d) quantisation levels nearest to rotated coordinates, as float32."""
        levels = rotated - self.pca.low
        levels /= self._steps.astype(np.float32)
        np.rint(levels, out=levels)
        return np.clip(levels, 0, self._max_levels.astype(np.float32), out=levels)

    def _squared_norms(self, levels: Float32Array) -> Float64Array:
        """(n,) squared norms of the vectors that quantisation levels stand for."""
        coordinates = levels * self._steps + self._low
        return np.asarray(np.vecdot(coordinates, coordinates))

    def _correct_norms(self, levels: Float32Array) -> None:
        """Change levels of fine axes in place, the widest first, until the norms are 1."""
        axes = np.unique(np.geomspace(1, self.n_fine, _N_CORRECTED_AXES).astype(int)) - 1
        deficits = 1 - self._squared_norms(levels)
        for axis in axes:
            self._correct_axis(levels, deficits, axis, max_change=_MAX_CORRECTION)
        remaining = np.flatnonzero(np.abs(deficits) > _MAX_SQUARED_NORM_ERROR)
        if not len(remaining):
            return
        some, left = levels[remaining], deficits[remaining]
        for least in (_LARGE_COORDINATE, 0.0):
            for axis in range(self.n_fine):
                self._correct_axis(
                    some, left, axis, min_coordinate=least, min_deficit=_MAX_CORRECTION / 2
                )
        for axis in axes:
            self._correct_axis(some, left, axis, max_change=_MAX_CORRECTION)
        levels[remaining] = some

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

    def decode(self, rows: npt.NDArray[Any]) -> Vectors:
        """(n, d) float32 unit vectors of encoded rows, in the original axes."""
        n = self.n_fine
        coordinates = np.empty((*rows.shape[:-1], self.pca.dim))
        coordinates[..., :n] = rows[..., : 2 * n].view("<u2")
        coordinates[..., n:] = rows[..., 2 * n :]
        coordinates *= self._steps
        coordinates += self._low
        vectors = coordinates.astype(np.float32) @ self.pca.axes
        vectors /= np.sqrt(np.vecdot(vectors, vectors))[..., None]
        return vectors

    def weights(self, queries: Vectors) -> tuple[Float64Array, Float64Array]:
        """Weights of the bytes and offset for each query, see `Codec.weights`.

        Each query is a matrix product of its own, so that its weights do not depend on the queries
        beside it.
        """
        if queries.ndim == 1:
            products = queries.dot(self._query_matrix).astype(np.float64)
        else:
            products = np.matmul(queries[:, None, :], self._query_matrix)[:, 0].astype(np.float64)
        return products[..., :-1], products[..., -1]

    def cosines(self, rows: npt.NDArray[Any], weights: Float64Array) -> Float64Array:
        """Inner products of bytes and weights, see `Codec.cosines`."""
        return np.asarray(np.vecdot(rows.astype(np.float64), weights))
