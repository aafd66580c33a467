"""Links to the image and to the spectrum of a galaxy on the pages of the Legacy Surveys."""

import math

import pyarrow as pa

from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.core.target_id import is_mock_id, is_position_id

_IMAGE = "https://www.legacysurvey.org/viewer?ra={:.6f}&dec={:.6f}&layer=ls-dr9&zoom=16"
_SPECTRUM = "https://www.legacysurvey.org/viewer/desi-spectrum/dr1/targetid{}"


def image_link(target_id: int, ra_deg: float, dec_deg: float) -> str | None:
    """Address of a galaxy in the Legacy Surveys viewer; None for a simulated galaxy and for one
    without a position.

    Examples
    --------
    >>> image_link(39627848784286003, 150.1, 2.2)
    'https://www.legacysurvey.org/viewer?ra=150.100000&dec=2.200000&layer=ls-dr9&zoom=16'
    """
    if is_mock_id(target_id) or not (math.isfinite(ra_deg) and math.isfinite(dec_deg)):
        return None
    return _IMAGE.format(ra_deg, dec_deg)


def spectrum_link(target_id: int) -> str | None:
    """Address of the DESI DR1 spectrum of a TARGETID; None where DESI has none with this number.

    These are simulated galaxies, and galaxies that have a TARGETID made from their position. Not
    every TARGETID of DESI has a spectrum in DR1.

    Examples
    --------
    >>> spectrum_link(39627848784286003)
    'https://www.legacysurvey.org/viewer/desi-spectrum/dr1/targetid39627848784286003'
    """
    if is_position_id(target_id) or is_mock_id(target_id):
        return None
    return _SPECTRUM.format(target_id)


def link_columns(
    target_ids: TargetIds, ra_deg: Float64Array, dec_deg: Float64Array
) -> dict[str, pa.Array]:
    """Columns of links of galaxies, null where there is no such page.

    Parameters
    ----------
    target_ids, ra_deg, dec_deg : (n,)
        TARGETIDs, and positions in degrees.
    """
    galaxies = zip(target_ids.tolist(), ra_deg.tolist(), dec_deg.tolist(), strict=True)
    images = [image_link(*galaxy) for galaxy in galaxies]
    spectra = [spectrum_link(target_id) for target_id in target_ids.tolist()]
    return {
        "legacy_viewer_url": pa.array(images, pa.string()),
        "desi_spectrum_url": pa.array(spectra, pa.string()),
    }
