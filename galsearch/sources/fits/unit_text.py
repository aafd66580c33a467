"""Units from texts of any file: a text that would keep the parser busy without end is refused.

astropy computes the factor in front of a unit exactly. `10**2147483648 Jy` takes hours, and a
thousand nested brackets exceed the depth of its recursion.
"""

import re
import warnings
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from astropy.units import UnitBase

_LONGEST_TEXT = 200
_DEEPEST_BRACKETS = 10
_LONG_NUMBER = re.compile(r"(?<![.\d])\d{10,}|[eE][+-]?\d{4,}|10\s*[(+-]+\s*\d{3,}")
"""A number of more than nine digits before its decimal point, or an exponent of more than three; in
`10-17` and `10(-17)` the power has no sign of its own."""
_LARGE_POWER = re.compile(r"(?:\*\*|\^)\s*[(+-]*\s*\d{3,}")
"""A power of 100 or more; no unit of physics has one."""


def parse_unit(text: str, notation: Literal["fits", "vounit"] | None = None) -> "UnitBase":
    """The unit that a text names.

    Parameters
    ----------
    text
        The unit, such as `10**-17 erg/(s cm2 Angstrom)`.
    notation
        Notation of the text: that of FITS, of the Virtual Observatory, or by default any that
        astropy reads.

    Raises
    ------
    ValueError
        Where astropy knows no such unit, or the text is longer or has larger numbers than a unit.

    Examples
    --------
    >>> parse_unit("10**-17 erg/(s cm2 Angstrom)").is_equivalent("Jy Hz / um")
    True
    >>> parse_unit("10**2147483648 Jy")
    Traceback (most recent call last):
    ValueError: '10**2147483648 Jy' has numbers that no unit has.
    """
    # Imported here, because it takes 0.1 s, and most files state no unit that needs it.
    from astropy.units import Unit, UnitsWarning

    check_unit_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnitsWarning)
        try:
            return Unit(text, format=notation)
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
            raise ValueError(f"{text!r} is no unit ({type(error).__name__}).") from None


def check_unit_text(text: str) -> None:
    """Check that astropy can parse a text as a unit, or refuse it, in a short time.

    Raises
    ------
    ValueError
        Where the text is longer, or has larger numbers or more brackets, than any unit.
    """
    if len(text) > _LONGEST_TEXT or _depth(text) > _DEEPEST_BRACKETS:
        raise ValueError(f"{text[:40]!r}... is longer or has more brackets than a unit.")
    if _LONG_NUMBER.search(text) or _LARGE_POWER.search(text):
        raise ValueError(f"{text!r} has numbers that no unit has.")


def _depth(text: str) -> int:
    """Largest number of brackets that are open at the same time."""
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest
