"""Principal component analysis (PCA) of embeddings, without subtracting their mean.

Embeddings vary along far fewer directions than they have dimensions. Rotated to their principal
axes, they can be shortened to a few components for the inverted lists, and the `int8` encoding
knows which axes need 16 bits.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Float64Array, Vectors
from galsearch.core.errors import ManifestError, TooManyFilesError
from galsearch.files.atomic import write_arrays
from galsearch.files.held_files import OpenFile, open_binary
from galsearch.index.vectors.array_files import ARRAY_FILE_ERRORS

MAX_UNEXPLAINED = 2e-3
"""Largest fraction of the variance that shortened vectors with 8-bit codes may leave unexplained.

The fraction of 2e-3 keeps the order of neighbours that are a few hundredths of a radian away well
enough to select candidates. Half of that fraction finds no more true neighbours (measured with a
million vectors) and needs half as many components again."""
MAX_UNEXPLAINED_4_BIT = 0.03
"""Largest fraction of the variance that shortened vectors with 4-bit codes may leave unexplained;
the error of the codes themselves is as large."""
_COMPONENT_MULTIPLE = 16
"""The number of components is rounded up to a multiple of 16: 16 float32 values fill a 512-bit
register."""
_AXES_PER_FINE_AXIS = 4
"""One axis in four, the widest ones, is stored with 16 bits in the `int8` encoding."""
_CLIPPED_FRACTION = 1e-3
"""Coordinates along each axis with 8 bits are clipped at their 0.1 % and 99.9 % quantiles. This
makes quantisation steps three times finer than the range of all vectors would."""
_RANGE_MARGIN = 0.1
"""Fraction by which the range of coordinates along each axis is widened at both ends, for vectors
that are not in the sample from which the range was measured."""


def multiply_rows(vectors: Vectors, matrix: Float32Array) -> Float32Array:
    """The product of (n, d) vectors and a (d, m) matrix, shape (n, m), reproducible for each row.

    Each row is multiplied separately, so that the result for one vector does not depend on the
    other vectors. In a product of all rows at once the last bits may depend on the number of rows
    (measured with OpenBLAS on AMD EPYC).

    Examples
    --------
    >>> multiply_rows(np.eye(2, dtype=np.float32), np.float32([[1, 2], [3, 4]]))
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return np.asarray(np.matmul(vectors[:, None, :], matrix)[:, 0])


def n_fine_axes(dim: int) -> int:
    """Number of principal axes, the widest ones, that the `int8` encoding stores with 16 bits."""
    return max(1, dim // _AXES_PER_FINE_AXIS)


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """Principal axes of a set of vectors, and the range of coordinates along each axis."""

    axes: Float32Array
    """Unit vectors along the axes, shape (d, d), one in each row, the largest variance first."""
    explained_variance_ratio: Float64Array
    """Mean squared coordinate along each axis as a fraction of the mean squared norm, shape (d,),
    descending; the sum is 1."""
    low: Float32Array
    """Smallest coordinate along each axis that the `int8` encoding can store, shape (d,)."""
    high: Float32Array
    """Largest coordinate along each axis that the `int8` encoding can store, shape (d,)."""

    @classmethod
    def fit(cls, vectors: Vectors) -> Self:
        """The principal axes of a sample of vectors: the eigenvectors of its second moments.

        The mean is not subtracted, because inner products are preserved by a rotation about the
        origin only. The largest component of each axis is positive, so that the same sample always
        gives the same axes.

        Parameters
        ----------
        vectors : (n, d) float32
            The sample, one vector in each row.
        """
        moments = np.asarray(vectors.T @ vectors, np.float64) / len(vectors)
        values, columns = np.linalg.eigh(moments)
        axes = columns[:, ::-1].T
        axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
        axes = np.ascontiguousarray(axes, np.float32)
        variances = np.maximum(values[::-1], 0.0)
        rotated = vectors @ axes.T
        quantiles = [_CLIPPED_FRACTION, 1 - _CLIPPED_FRACTION]
        low, high = np.quantile(rotated, quantiles, axis=0).astype(np.float32)
        n = n_fine_axes(len(axes))
        low[:n], high[:n] = rotated[:, :n].min(axis=0), rotated[:, :n].max(axis=0)
        margin = np.maximum(_RANGE_MARGIN * (high - low), np.float32(1e-6))
        return cls(axes, variances / variances.sum(), low - margin, high + margin)

    @property
    def dim(self) -> int:
        """Number of dimensions of the vectors, which is also the number of axes."""
        return len(self.axes)

    def n_components_for(self, max_unexplained: float) -> int:
        """Number of PCA components that leave at most a given fraction of variance unexplained.

        It is the smallest such multiple of 16, but at most the number of dimensions.
        """
        explained = np.cumsum(self.explained_variance_ratio)
        enough = int(np.searchsorted(explained, 1 - max_unexplained)) + 1
        return min(self.dim, _COMPONENT_MULTIPLE * math.ceil(enough / _COMPONENT_MULTIPLE))

    @cached_property
    def rotation(self) -> Float32Array:
        """Matrix of shape (d, d): `vectors @ rotation` are coordinates along the axes."""
        return np.ascontiguousarray(self.axes.T)

    def rotate(self, vectors: Vectors) -> Float32Array:
        """Coordinates of vectors along the principal axes, shape (n, d), float32."""
        return multiply_rows(vectors, self.rotation)

    def write(self, path: Path) -> None:
        """Write the principal axes and ranges of coordinates to a NumPy `.npz` file."""
        # The explained variance is called "shares" in the file, as the format of indexes requires.
        write_arrays(
            path,
            axes=self.axes,
            shares=self.explained_variance_ratio,
            low=self.low,
            high=self.high,
        )

    @classmethod
    def read(cls, path: Path, *, dim: int, open_file: OpenFile = open_binary) -> Self:
        """The principal axes in a file that `PrincipalAxes.write` made.

        Parameters
        ----------
        path
            The `.npz` file.
        dim
            Number of dimensions that the vectors must have.
        open_file
            Opens the file; by default the one that is at the path now.

        Raises
        ------
        ManifestError
            Where the file has another content, or the axes are not those of vectors with `dim`
            dimensions.
        """
        try:
            with open_file(path) as file, np.load(file, allow_pickle=False) as arrays:
                pca = cls(*(_member(arrays, name) for name in ("axes", "shares", "low", "high")))
        except TooManyFilesError:
            raise
        except ARRAY_FILE_ERRORS as error:
            raise ManifestError(f"{path}: no principal axes in it ({error}).", path=path) from None
        arrays = (pca.axes, pca.explained_variance_ratio, pca.low, pca.high)
        shapes = [array.shape for array in arrays]
        if shapes != [(dim, dim), (dim,), (dim,), (dim,)]:
            raise ManifestError(
                f"{path}: arrays of shapes {shapes}, manifest.json says {dim} dimensions.",
                path=path,
            )
        if any(array.dtype.kind != "f" or not np.isfinite(array).all() for array in arrays):
            raise ManifestError(f"{path}: its arrays are not finite numbers.", path=path)
        return pca


def _member(arrays: Any, name: str) -> npt.NDArray[Any]:
    """An array of an `.npz` file; NumPy returns the bytes of a member that is none."""
    array = arrays[name]
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is no array")
    return array
