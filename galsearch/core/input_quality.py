"""Reasons to trust an embedding less, as bits of a number that is stored beside it."""

from enum import IntFlag

import numpy as np
import numpy.typing as npt

from galsearch.core.modality import Modality

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
