"""TARGETID: the identity of a galaxy, an int64 in memory and a string in every text format.

Real TARGETIDs, about 4e16, exceed 2**53. A float, and so a JSON number in most readers, cannot
hold them exactly and would name another galaxy or none. The bits of a TARGETID are those of
desitarget.targets: objid 0-21, brickid 22-41, release 42-57, mock 58, sky 59, gaiadr 60-61,
reserved 62.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import InvalidTargetIdError

MAX_TARGET_ID = 2**63 - 1
_MAX_DIGITS = 40
"""Decimal digits of a number that are read, and shown by messages."""
_OBJID_BITS, _BRICKID_BITS, _RELEASE_BITS = 22, 20, 16
_POSITION_BIT = 1 << 62
_MOCK_BIT = 1 << 58


class TargetId(int):
    """The TARGETID of a galaxy: a positive int64, made from an integer or from decimal text.

    Raises
    ------
    InvalidTargetIdError
        Where the value is a float, a bool, text that is not decimal digits, or outside
        1 .. 2**63 - 1.

    Examples
    --------
    >>> TargetId("39627848784286003")
    TargetId(39627848784286003)
    >>> str(TargetId(39627848784286003))
    '39627848784286003'
    """

    def __new__(cls, value: object) -> Self:  # noqa: D102 (the docstring of the class describes construction)
        if isinstance(value, str):
            text = value.strip()
            if not (text.isascii() and text.isdigit()):
                raise InvalidTargetIdError(
                    f"{value!r} is not a TARGETID: expected decimal digits, such as "
                    "39627848784286003."
                )
            # Python refuses to convert texts of thousands of digits.
            number = int(text) if len(text) <= _MAX_DIGITS else 10**_MAX_DIGITS
        elif isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_)):
            number = int(value)
        else:
            raise InvalidTargetIdError(
                f"{value!r} ({type(value).__name__}) is not a TARGETID: expected an integer or "
                "its decimal text; a float cannot hold one exactly."
            )
        if not 0 < number <= MAX_TARGET_ID:
            known = abs(number) < 10**_MAX_DIGITS
            shown = str(number) if known else f"a number of more than {_MAX_DIGITS} digits"
            raise InvalidTargetIdError(
                f"{shown} is not the TARGETID of a galaxy: expected 1 to {MAX_TARGET_ID} "
                "(negative ids are stuck or unassigned fibres)."
            )
        return super().__new__(cls, number)

    def __repr__(self) -> str:
        return f"TargetId({int(self)})"

    def __str__(self) -> str:
        return int.__repr__(self)

    def __format__(self, spec: str) -> str:
        return format(int(self), spec)


def as_target_ids(values: Any) -> npt.NDArray[np.int64]:
    """A new (n,) int64 array of TARGETIDs, after a check that each of them is possible.

    Parameters
    ----------
    values : (n,) array or sequence of integers
        TARGETIDs.

    Raises
    ------
    InvalidTargetIdError
        Where the input is not one-dimensional, not of an integer dtype (a float column cannot
        hold TARGETIDs exactly), or holds a value that is not positive.

    Examples
    --------
    >>> as_target_ids([7, 39627848784286003])
    array([                7, 39627848784286003])
    """
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise InvalidTargetIdError(
            f"TARGETIDs must be a one-dimensional integer column, found {array.ndim} dimensions "
            f"of {array.dtype}; a float column cannot hold them exactly."
        )
    if array.dtype == np.uint64 and array.size and array.max() > MAX_TARGET_ID:
        raise InvalidTargetIdError(f"{array.max()} exceeds the largest TARGETID, {MAX_TARGET_ID}.")
    ids = array.astype(np.int64, copy=True)
    if ids.size and ids.min() <= 0:
        row = int(np.argmin(ids))
        raise InvalidTargetIdError(
            f"row {row} has TARGETID {ids[row]}; galaxies have positive ones "
            "(negative ids are stuck or unassigned fibres)."
        )
    return ids


def parse_target_ids(values: Any) -> npt.NDArray[np.int64]:
    """A new (n,) int64 array of one TARGETID or several, given as integers or as decimal text.

    Parameters
    ----------
    values
        One TARGETID, or an array or iterable of them. A text is one TARGETID, never a sequence of
        digits.

    Raises
    ------
    InvalidTargetIdError
        Where a value is not the TARGETID of a galaxy.

    Examples
    --------
    >>> parse_target_ids("39627848784286003"), parse_target_ids([7, "8"])
    (array([39627848784286003]), array([7, 8]))
    """
    if isinstance(values, np.ndarray) and (
        values.ndim > 1 or (values.ndim == 1 and np.issubdtype(values.dtype, np.number))
    ):
        return as_target_ids(values)
    one = isinstance(values, (str, bytes)) or not isinstance(values, Iterable)
    if one or (isinstance(values, np.ndarray) and values.ndim == 0):
        values = [values[()] if isinstance(values, np.ndarray) else values]
    return np.array([TargetId(value) for value in values], np.int64)


@dataclass(frozen=True)
class TargetIdParts:
    """The parts that DESI packs into the bits of a TARGETID."""

    objid: int
    """Row number of the object in the Tractor catalogue of its Legacy Surveys brick."""
    brickid: int
    """Number of the Legacy Surveys brick, 1 .. 662,174."""
    release: int
    """Imaging release, such as 9010 for DR9 south; below 1000 a class of secondary targets."""
    mock: bool
    """True for a simulated (mock) galaxy."""
    sky: bool
    """True for a sky fibre, a position without an object."""


def decode_target_id(target_id: TargetId) -> TargetIdParts:
    """The parts of a DESI TARGETID (desitarget.targets.decode_targetid).

    Examples
    --------
    >>> decode_target_id(TargetId(39633345008634465))
    TargetIdParts(objid=2657, brickid=607466, release=9011, mock=False, sky=False)
    """
    value = int(target_id)
    return TargetIdParts(
        objid=value & (2**_OBJID_BITS - 1),
        brickid=(value >> 22) & (2**_BRICKID_BITS - 1),
        release=(value >> 42) & (2**_RELEASE_BITS - 1),
        mock=bool((value >> 58) & 1),
        sky=bool((value >> 59) & 1),
    )


def encode_target_id(parts: TargetIdParts) -> TargetId:
    """The TARGETID that holds `parts`; the inverse of `decode_target_id`.

    Raises
    ------
    InvalidTargetIdError
        Where `objid` exceeds 22 bits, `brickid` 20 bits or `release` 16 bits.

    Examples
    --------
    >>> encode_target_id(TargetIdParts(2657, 607466, 9011, mock=True, sky=False))
    TargetId(327863721160346209)
    """
    limits = {"objid": _OBJID_BITS, "brickid": _BRICKID_BITS, "release": _RELEASE_BITS}
    for name, bits in limits.items():
        value = getattr(parts, name)
        if not 0 <= value < 2**bits:
            raise InvalidTargetIdError(f"{name} {value} does not fit {bits} bits of a TARGETID.")
    return TargetId(
        parts.objid
        | (parts.brickid << 22)
        | (parts.release << 42)
        | (int(parts.mock) << 58)
        | (int(parts.sky) << 59)
    )


def target_id_from_position(healpix_29: int) -> TargetId:
    """A TARGETID for a galaxy that DESI did not target, made from its position.

    The TARGETID is the number of the galaxy's order-29 HEALPix pixel with bit 62 set. DESI reserves
    bit 62, so such a TARGETID never equals one of DESI's. Two positions in one order-29 pixel, 0.4
    milliarcsec wide, count as the same galaxy.

    Parameters
    ----------
    healpix_29
        Number of the order-29 HEALPix pixel that contains the position.

    Raises
    ------
    InvalidTargetIdError
        Where `healpix_29` is not the number of an order-29 pixel.

    Examples
    --------
    >>> target_id_from_position(1918129809776324852)
    TargetId(6529815828203712756)
    """
    if not 0 <= healpix_29 < 12 * 4**29:
        raise InvalidTargetIdError(f"{healpix_29} is not an order-29 HEALPix pixel.")
    return TargetId(_POSITION_BIT | int(healpix_29))


def is_position_id(target_id: int) -> bool:
    """True for a TARGETID that `target_id_from_position` made, False for one that DESI assigned.

    Examples
    --------
    >>> is_position_id(TargetId(6529815828203712756)), is_position_id(TargetId(39633345008634465))
    (True, False)
    """
    return bool(target_id & _POSITION_BIT)


def is_mock_id(target_id: int) -> bool:
    """True for a TARGETID of a simulated (mock) galaxy in the bits of DESI.

    Examples
    --------
    >>> is_mock_id(327863721160346209), is_mock_id(39633345008634465)
    (True, False)
    """
    return bool(target_id & _MOCK_BIT and not target_id & _POSITION_BIT)
