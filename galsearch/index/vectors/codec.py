"""Encodings of the stored vectors, which turn the components of a unit vector into bytes.

An encoding is called a store in recipes. `float32` and `float16` store the components of a vector
as they are; `int8` stores its coordinates along principal axes
(`galsearch.index.vectors.int8_codec`).
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float64Array, Vectors
from galsearch.index.vectors.int8_codec import Int8Codec
from galsearch.index.vectors.pca import PrincipalAxes

STORES = ("float32", "float16", "int8")
"""Names of the encodings of stored vectors, as index recipes state them."""


class Codec(Protocol):
    """Protocol of classes that encode unit vectors and compute cosines with encoded vectors.

    An encoded vector is a row of the file of stored vectors.
    """

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements of an encoded vector."""
        ...

    @property
    def width(self) -> int:
        """Number of elements of an encoded vector."""
        ...

    def encode(self, vectors: Vectors) -> npt.NDArray[Any]:
        """The encoded rows of (n, d) unit vectors, shape (n, width)."""
        ...

    def decode(self, rows: npt.NDArray[Any], *, one_by_one: bool = False) -> Vectors:
        """The float32 unit vectors that encoded rows stand for, shape (n, d).

        Parameters
        ----------
        rows : (n, width)
            Encoded rows.
        one_by_one
            Give a row the same vector whatever the other rows of the call are. Otherwise the last
            bits may differ, which is up to three times faster.
        """
        ...

    def misfits(self, vectors: Vectors, rows: npt.NDArray[Any]) -> BoolArray:
        """True for each vector that its encoded row differs from by more than rounding, (n,)."""
        ...

    def weights(self, queries: Vectors) -> tuple[Float64Array, Float64Array]:
        """Weights and offset of each query vector, with which cosines are computed.

        The cosine of a query vector with an encoded row is row . weights + offset. The weights of
        a query do not depend on the other queries of the call.

        Parameters
        ----------
        queries : (q, d) or (d,) float32
            Query vectors of unit length.

        Returns
        -------
        weights : (q, width) or (width,) float64
            One weight for each element of an encoded row.
        offsets : (q,) or () float64
            Constants that are added to the inner products.
        """
        ...

    def cosines(self, rows: npt.NDArray[Any], weights: Float64Array) -> Float64Array:
        """Cosines of encoded rows with query vectors, before the offset of the query is added.

        Parameters
        ----------
        rows : (..., width)
            Encoded rows.
        weights : (..., width) float64
            Weights of the query vectors, broadcast to `rows`.

        Returns
        -------
        (...) float64
            Inner products, each summed in double precision and independently of the others.
        """
        ...


@dataclass(frozen=True)
class FloatCodec:
    """Codec that stores the components of a vector as they are, in `float32` or `float16`."""

    dtype: np.dtype[Any]
    width: int

    def encode(self, vectors: Vectors) -> npt.NDArray[Any]:
        """The vectors rounded to the dtype of the codec, shape (n, d)."""
        return np.asarray(vectors, self.dtype)

    def decode(self, rows: npt.NDArray[Any], *, one_by_one: bool = False) -> Vectors:  # noqa: ARG002
        """The float32 vectors of encoded rows, shape (n, d), the same in every call.

        Rows in `float16` are normalised to length 1; rows in `float32` are returned as they are.
        """
        if self.dtype == np.float32:
            return np.asarray(rows)
        vectors = rows.astype(np.float32)
        vectors /= np.sqrt(np.vecdot(vectors, vectors))[..., None]
        return vectors

    def misfits(self, vectors: Vectors, rows: npt.NDArray[Any]) -> BoolArray:  # noqa: ARG002
        """False for each vector, shape (n,): floats are rounded, but never clipped."""
        return np.zeros(len(vectors), bool)

    def weights(self, queries: Vectors) -> tuple[Float64Array, Float64Array]:
        """Weights and offsets of query vectors: the float64 query vectors themselves, and zeros."""
        return queries.astype(np.float64), np.zeros(queries.shape[:-1])

    def cosines(self, rows: npt.NDArray[Any], weights: Float64Array) -> Float64Array:
        """Cosines of stored vectors with query vectors, whose components are the `weights`.

        Inner products with `float16` rows are divided by the norms of the rows.
        """
        vectors = rows.astype(np.float64)
        products = np.vecdot(vectors, weights)
        if self.dtype != np.float32:
            products /= np.sqrt(np.vecdot(vectors, vectors))
        return np.asarray(products)


def make_codec(store: str, dim: int, pca: PrincipalAxes | None) -> Codec:
    """The codec that encodes and decodes vectors of `dim` dimensions.

    Parameters
    ----------
    store
        Name of the encoding: `float32`, `float16` or `int8`.
    dim
        Number of dimensions of a vector.
    pca
        Principal axes of the vectors, which only `int8` needs.

    Raises
    ------
    ValueError
        Where the encoding is `int8` and `pca` is None.

    Examples
    --------
    >>> make_codec("float16", 256, None).width
    256
    """
    if store == "int8":
        if pca is None:
            raise ValueError("the int8 encoding needs the principal axes of its vectors")
        return Int8Codec(pca)
    return FloatCodec(np.dtype(store).newbyteorder("<"), dim)
