"""Headers of FITS files, whose cards are parsed when they are requested (FITS 4.0, section 4).

A card raises an error only when its value is requested and cannot be read; the error quotes it.
Cards of other programs are read as they are meant: lower-case exponents, no blank after the equals
sign, bytes beyond ASCII, and no value at all, which counts as no card.
"""

import math
import re
from collections.abc import Collection, Iterator

from galsearch.core.errors import SourceError

CardValue = str | int | float | bool
_CARD = 80
_LARGEST_COUNT = 2**48
"""Limit of a number of values, bytes or rows, beyond that of any file."""
_KEYWORD = re.compile(r"[A-Z0-9_-]{1,8}")
_TEXT = re.compile(r"\s*'((?:[^']|'')*)")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[EDed][+-]?[0-9]+)?")


class Header:
    """Header of one HDU: the values of its cards by keyword.

    The first card of a repeated keyword is used. `text` holds each byte as one character (Latin-1).

    Examples
    --------
    >>> header = Header("BITPIX  =                  -32 / bits".ljust(80), where="a.fits")
    >>> header.get("BITPIX"), header.get("NAXIS", 0)
    (-32, 0)
    """

    def __init__(self, text: str, *, where: str) -> None:
        self.text = text
        self._where = where
        self._cards: dict[str, str] = {}
        for start in range(0, len(text), _CARD):
            card = text[start : start + _CARD]
            if card.rstrip() == "END":
                break
            keyword, equals, _ = card[:9].partition("=")
            if equals and _KEYWORD.fullmatch(keyword.rstrip()):
                self._cards.setdefault(keyword.rstrip(), card[len(keyword) + 1 :])

    def __contains__(self, keyword: str) -> bool:
        return keyword in self._cards

    def keywords(self) -> Iterator[str]:
        """Keywords of the header that have a value, in their order in the header."""
        return iter(self._cards)

    def get(self, keyword: str, default: CardValue | None = None) -> CardValue | None:
        """The value of a card, text without padding, or `default` where it has none.

        Raises
        ------
        SourceError
            Where the value of the card is neither text nor a logical or a number.
        """
        card = self._cards.get(keyword, "")
        text = _TEXT.match(card)
        if text:
            return _decoded(text[1].replace("''", "'")).rstrip()
        value = card.partition("/")[0].strip()
        if not value:
            return default
        if value in ("T", "F"):
            return value == "T"
        number = _number(value)
        if number is None:
            raise SourceError(
                f"{self._where}: card {keyword} is damaged: {_decoded(card.strip())!r}."
            )
        return number

    def count(self, keyword: str, default: int | None = None) -> int:
        """The value of a card that is a non-negative integer, such as a number of axes.

        Raises
        ------
        SourceError
            Where the card is missing and there is no `default`, or the value is not such an
            integer.
        """
        value = self.get(keyword, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            found = "is missing" if value is None else f"is {value!r}"
            raise SourceError(f"{self._where}: card {keyword} {found}; expected 0 or more.")
        if value > _LARGEST_COUNT:
            raise SourceError(
                f"{self._where}: card {keyword} is {value!r}; expected at most {_LARGEST_COUNT:,}."
            )
        return value

    def shape(self, axes: str) -> tuple[int, ...]:
        """Lengths of the axes of an image, slowest axis first.

        Parameters
        ----------
        axes
            Keyword of the number of axes, 'NAXIS' or 'ZNAXIS'.

        Raises
        ------
        SourceError
            Where a card is missing, or an image of these axes would be larger than any file, even
            if one of the axes has the length 0.
        """
        lengths = tuple(self.count(f"{axes}{n}") for n in range(self.count(axes), 0, -1))
        if math.prod(length for length in lengths if length) > _LARGEST_COUNT:
            raise SourceError(
                f"{self._where}: the axes {lengths} have more than {_LARGEST_COUNT:,} values."
            )
        return lengths

    def choice(self, keyword: str, known: Collection[CardValue]) -> CardValue:
        """The value of a card that must be one of the values in `known`.

        Raises
        ------
        SourceError
            Where the card is missing or has another value.
        """
        value = self.get(keyword)
        if value is None or value not in known:
            expected = ", ".join(str(choice) for choice in known)
            found = "is missing" if value is None else f"is {value!r}"
            raise SourceError(f"{self._where}: card {keyword} {found}; expected one of {expected}.")
        return value

    def number(self, keyword: str, default: float) -> float:
        """The value of a card that holds a finite number, also as text; `default` without one.

        Raises
        ------
        SourceError
            Where the value is not such a number.
        """
        value = self.get(keyword, default)
        number = _number(value.strip()) if isinstance(value, str) else value
        if number is None or isinstance(number, bool) or not math.isfinite(number):
            raise SourceError(f"{self._where}: card {keyword} is {value!r}; expected a number.")
        return number

    def label(self, keyword: str, default: str = "") -> str:
        """The value of a card as text, whatever its type; `default` where it has none."""
        try:
            return str(self.get(keyword, default)).strip()
        except SourceError:
            # Some programs write text without quotes.
            return _decoded(self._cards[keyword].partition("/")[0]).strip()


def _number(text: str) -> int | float | None:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _REAL.fullmatch(text):
        return float(text.upper().replace("D", "E"))
    return None


def _decoded(latin: str) -> str:
    """Text of a card, which was read as Latin-1, as UTF-8 where its bytes are UTF-8."""
    try:
        return latin.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return latin
