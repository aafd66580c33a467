"""TARGETIDs in file names, told apart from coordinates, dates and other numbers."""

import re
from datetime import datetime

from galsearch.core.target_id import MAX_TARGET_ID
from galsearch.dataset.ingest.identity.file_origin import path_of

_NUMBER = re.compile(r"(?<![\d.,])(?<!\d[pPdD])\d{13,19}(?!\d)(?![.,pPdD]\d)")
"""Pattern of a whole number of 13 to 19 digits; a number with a point, a comma, or a p or d in
place of the point is a coordinate."""
_SMALLEST = 1 << 42
"""Smallest TARGETID of a target with a release, whose number starts at bit 42."""


def target_id_in_name(url: str) -> int:
    """The TARGETID in a file name; 0 where no number, or more than one, can be a TARGETID.

    A TARGETID is a whole number of 13 to 19 digits, at least 2**42, the smallest TARGETID of a
    target with a release. Digits beside a decimal point belong to a coordinate, and 14 to 19
    digits that read as a date with a time (YYYYMMDDhhmmss) are one.

    Parameters
    ----------
    url
        Path or URL of a file.

    Examples
    --------
    >>> target_id_in_name("39627848784286003_150.1204123456789_2.1.fits")
    39627848784286003
    >>> target_id_in_name("cutout_150.1204123456789_2.1.fits")
    0
    """
    numbers = {
        int(text)
        for text in _NUMBER.findall(path_of(url).name)
        if _SMALLEST <= int(text) <= MAX_TARGET_ID and not _is_date(text)
    }
    return numbers.pop() if len(numbers) == 1 else 0


def _is_date(digits: str) -> bool:
    """True for digits such as 20210324123456, a date of this or the last century and a time."""
    if len(digits) < 14 or digits[:2] not in {"19", "20"}:
        return False
    try:
        datetime.strptime(digits[:14], "%Y%m%d%H%M%S")
    except ValueError:
        return False
    return True
