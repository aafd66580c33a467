"""Embeddings as arrays: rows of unit length, their order, and reasons to trust them less."""

from enum import IntFlag

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ShardError
from galsearch.core.modality import Modality

UNIT_TOLERANCE = 1e-5
"""Largest difference between the length of a vector and 1 with which it counts as a unit vector."""


def unit_rows(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """The vectors divided by their lengths: a new (n, d) float32 array of unit vectors.

    Parameters
    ----------
    vectors : (n, d)
        Vectors of any length above 0, one in each row.

    Raises
    ------
    ShardError
        Where a row is zero or not finite, and so has no direction.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]], dtype=float32)
    """
    rows = np.array(vectors, dtype=np.float64)
    if rows.ndim != 2:
        raise ShardError(f"embeddings are (n, d), found {rows.ndim} dimensions.")
    length = np.linalg.norm(rows, axis=1)
    bad = ~(np.isfinite(length) & (length > 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise ShardError(
            f"{int(bad.sum())} of {len(rows)} embeddings have no direction "
            f"(row {row} has length {length[row]})."
        )
    return np.asarray(rows / length[:, None], dtype=np.float32)


def off_unit(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """True for each row of (n, d) vectors whose length differs from 1 by more than 1e-5 or is NaN.

    The result is a bool array of shape (n,).

    Examples
    --------
    >>> off_unit(np.array([[0.6, 0.8], [1.0, 1.0]]))
    array([False,  True])
    """
    length = np.linalg.norm(np.asarray(vectors, dtype=np.float64), axis=1)
    return np.asarray(~(np.abs(length - 1) <= UNIT_TOLERANCE))


def neighbour_order(
    similarity: npt.NDArray[np.floating], target_ids: npt.NDArray[np.int64]
) -> npt.NDArray[np.intp]:
    """Indices that sort neighbours by descending similarity, and ties by ascending TARGETID.

    Parameters
    ----------
    similarity : (n,)
        Cosine similarity of each neighbour with the query.
    target_ids : (n,) int64
        TARGETID of each neighbour.

    Returns
    -------
    (n,) int64
        Indices into the two arrays, the best neighbour first.

    Examples
    --------
    >>> neighbour_order(np.array([0.5, 0.9, 0.5]), np.array([7, 8, 3]))
    array([1, 2, 0])
    """
    return np.lexsort((target_ids, -np.asarray(similarity)))


QualityBits = npt.NDArray[np.uint16]
"""Array of `InputQuality` as numbers, shape (n,); 0 where there is no reason to trust less."""


class InputQuality(IntFlag):
    """Reasons to trust the embedding of an image or a spectrum less, which may be combined.

    An embedding for which nothing is noted has the value 0.

    Examples
    --------
    >>> quality = InputQuality.BAND_MISSING | InputQuality.PIXELS_FILLED
    >>> int(quality), quality.names
    (5, ('band_missing', 'pixels_filled'))
    """

    BAND_MISSING = 1
    """A band of the image has no measured pixel."""
    CENTRE_MASKED = 2
    """More than a tenth of the pixels within 2 arcsec of the centre of the image are masked in a
    band that is not missing."""
    PIXELS_FILLED = 4
    """Masked pixels of the image were filled from their neighbours or from other bands."""
    ARM_MISSING = 8
    """Nine tenths or more of the pixels of an arm of the spectrograph are masked."""
    PARTLY_MASKED = 16
    """More than a fifth of the image or of the spectrum is masked."""
    DEPTH_UNUSUAL = 32
    """The noise is larger or smaller than in nearly all data that the encoder was trained on."""
    CLASS_UNUSUAL = 64
    """The catalogue calls the object a quasar or a star, or its redshift is beyond those that the
    encoder was trained on."""

    @property
    def names(self) -> tuple[str, ...]:
        """The reasons in lower case, in the order of their bits."""
        return tuple(str(reason.name).lower() for reason in InputQuality if reason in self)


REASONS = {
    Modality.IMAGE: (
        InputQuality.BAND_MISSING,
        InputQuality.CENTRE_MASKED,
        InputQuality.PIXELS_FILLED,
        InputQuality.PARTLY_MASKED,
        InputQuality.DEPTH_UNUSUAL,
        InputQuality.CLASS_UNUSUAL,
    ),
    Modality.SPECTRUM: (
        InputQuality.ARM_MISSING,
        InputQuality.PARTLY_MASKED,
        InputQuality.DEPTH_UNUSUAL,
        InputQuality.CLASS_UNUSUAL,
    ),
}
"""The reasons that apply to each modality."""
