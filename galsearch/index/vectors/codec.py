"""Encodings of the stored vectors: how the components of a unit vector become bytes.

An encoding is called a store in recipes. `float32` and `float16` store the components of a vector
as they are; `int8` stores its coordinates along principal axes
(`galsearch.index.vectors.int8_codec`).
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array, Vectors
from galsearch.index.vectors.int8_codec import Int8Codec
from galsearch.index.vectors.pca import PrincipalAxes

STORES = ("float32", "float16", "int8")
"""Names of the encodings in recipes."""


class Codec(Protocol):
    """Encodes unit vectors as rows of a file, and computes cosines with encoded rows."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements of an encoded row."""
        ...

    @property
    def width(self) -> int:
        """Number of elements of an encoded row."""
        ...

    def encode(self, vectors: Vectors) -> npt.NDArray[Any]:
        """(n, width) encoded rows of unit vectors."""
        ...

    def decode(self, rows: npt.NDArray[Any]) -> Vectors:
        """(n, d) float32 unit vectors of encoded rows."""
        ...

    def weights(self, queries: Vectors) -> tuple[Float64Array, Float64Array]:
        """Weights and offset of each query: cosine = row . weights + offset.

        Parameters
        ----------
        queries : (q, d) or (d,) float32

        Returns
        -------
        weights : (q, width) or (width,) float64
        offsets : (q,) or () float64
            A query alone has the same weights as among others.
        """
        ...

    def cosines(self, rows: npt.NDArray[Any], weights: Float64Array) -> Float64Array:
        """Cosines of encoded rows before the offset is added.

        Parameters
        ----------
        rows : (..., width)
        weights : (..., width) float64
            Broadcast to `rows`.

        Returns
        -------
        (...) float64
            Each is summed in double precision, independently of the others.
        """
        ...


@dataclass(frozen=True)
class FloatCodec:
    """Stores the components of a vector as they are, in `float32` or `float16`."""

    dtype: np.dtype[Any]
    width: int

    def encode(self, vectors: Vectors) -> npt.NDArray[Any]:
        """(n, d) vectors rounded to the dtype of the codec."""
        return np.asarray(vectors, self.dtype)

    def decode(self, rows: npt.NDArray[Any]) -> Vectors:
        """(n, d) float32 vectors; `float16` rows are normalised, `float32` rows returned as is."""
        if self.dtype == np.float32:
            return np.asarray(rows)
        vectors = rows.astype(np.float32)
        vectors /= np.sqrt(np.vecdot(vectors, vectors))[..., None]
        return vectors

    def weights(self, queries: Vectors) -> tuple[Float64Array, Float64Array]:
        """The queries themselves as weights, and offsets of 0."""
        return queries.astype(np.float64), np.zeros(queries.shape[:-1])

    def cosines(self, rows: npt.NDArray[Any], weights: Float64Array) -> Float64Array:
        """Inner products of rows and weights; those of `float16` rows are divided by their norm."""
        vectors = rows.astype(np.float64)
        products = np.vecdot(vectors, weights)
        if self.dtype != np.float32:
            products /= np.sqrt(np.vecdot(vectors, vectors))
        return np.asarray(products)


def make_codec(store: str, dim: int, pca: PrincipalAxes | None) -> Codec:
    """The codec of the encoding called `store`; `int8` needs the principal axes."""
    if store == "int8":
        if pca is None:
            raise ValueError("the int8 encoding needs the principal axes of its vectors")
        return Int8Codec(pca)
    return FloatCodec(np.dtype(store).newbyteorder("<"), dim)
