"""The axes that common vectors span, and how far a vector lies outside of them.

Lists of an index keep the axes that matter to the mean of its vectors. A rare kind of galaxies
hardly changes the mean, so its vectors may vary along other axes, where lists cannot distinguish
them. The measure is the part of the squared length of a unit vector that lies outside of the
principal axes that hold 99.8 % of the variance; it costs one product of a vector and a matrix.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from galsearch.core.arrays import Float32Array, Vectors
from galsearch.core.errors import ManifestError, TooManyFilesError
from galsearch.files.atomic import write_arrays
from galsearch.files.held_files import OpenFile, open_binary
from galsearch.index.vectors.array_files import ARRAY_FILE_ERRORS, COMMON_AXES_NAME
from galsearch.index.vectors.pca import MAX_UNEXPLAINED, PrincipalAxes, multiply_rows

_RARE_SHARES = (0.01, 0.02)
"""Least and largest fraction of the training vectors that count as outside of the common axes."""
_MEAN_RATIO = 4.0
"""Between these fractions, vectors are outside whose measure is more than 4 times the mean."""

_MIN_LIMIT = 1e-5
"""Smallest limit of the measure; below, it is the rounding of single precision."""


@dataclass(frozen=True, eq=False)
class CommonAxes:
    """The axes of common vectors, and the measure from which a vector counts as outside."""

    axes: Float32Array
    """Unit vectors along the axes, shape (m, d), one in each row."""
    limit: float
    """Largest measure of a vector that lies within the common axes."""

    @classmethod
    def fit(cls, pca: PrincipalAxes, sample: Vectors) -> "CommonAxes | None":
        """The common axes of a sample, whose rarest 1 to 2 per cent lie outside of them.

        It is less where hardly anything lies outside.
        None where the axes are all axes, so that nothing lies outside.

        Parameters
        ----------
        pca
            Principal axes of the sample.
        sample : (n, d) float32
            Unit vectors.
        """
        axes = pca.axes[: pca.n_components_for(MAX_UNEXPLAINED)]
        if len(axes) == pca.dim:
            return None
        measures = cls(axes, 0.0).measure(sample)
        most, least = np.quantile(measures, [1 - share for share in _RARE_SHARES])
        limit = float(np.clip(_MEAN_RATIO * measures.mean(), least, most))
        return cls(axes, max(_MIN_LIMIT, limit))

    @cached_property
    def _matrix(self) -> Float32Array:
        return np.ascontiguousarray(self.axes.T)

    def measure(self, vectors: Vectors) -> Float32Array:
        """Part of the squared length of unit vectors outside of the common axes, 0 .. 1, (n,)."""
        inside = multiply_rows(vectors, self._matrix)
        outside: Float32Array = np.float32(1) - np.vecdot(inside, inside)
        return outside

    def write(self, directory: Path) -> None:
        """Write the axes and the limit to the directory of a segment."""
        write_arrays(directory / COMMON_AXES_NAME, axes=self.axes, limit=np.array(self.limit))

    @classmethod
    def read(cls, directory: Path, *, dim: int, open_file: OpenFile = open_binary) -> Self:
        """The common axes in the directory of a segment, for vectors of `dim` dimensions.

        Raises
        ------
        ManifestError
            Where the file has another content.
        """
        path = directory / COMMON_AXES_NAME
        try:
            with open_file(path) as file, np.load(file, allow_pickle=False) as arrays:
                axes, limit = arrays["axes"], float(arrays["limit"])
        except TooManyFilesError:
            raise
        except ARRAY_FILE_ERRORS as error:
            raise ManifestError(f"{path}: no common axes in it ({error}).", path=path) from None
        valid = axes.dtype == np.float32 and axes.ndim == 2 and axes.shape[1] == dim
        if not (valid and np.isfinite(axes).all() and np.isfinite(limit)):
            raise ManifestError(f"{path}: no axes of {dim} dimensions.", path=path)
        return cls(axes, limit)
