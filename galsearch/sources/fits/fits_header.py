"""Headers of FITS files, whose cards are parsed when they are requested (FITS 4.0, section 4).

A damaged card raises an error that quotes the card, but only when its value is requested.
"""

import re
from collections.abc import Collection, Iterator

from galsearch.core.errors import SourceError

CardValue = str | int | float | bool
_CARD = 80
_TEXT = re.compile(r"\s*'((?:[^']|'')*)'\s*(?:/.*)?$")
_INTEGER = re.compile(r"[+-]?\d+$")
_REAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[ED][+-]?\d+)?$")


class Header:
    """Header of one HDU: the values of its cards by keyword.

    The first card of a repeated keyword is used.

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
            if card[8:10] == "= ":
                self._cards.setdefault(card[:8].rstrip(), card[10:])

    def __contains__(self, keyword: str) -> bool:
        return keyword in self._cards

    def keywords(self) -> Iterator[str]:
        """Keywords of the header that have a value, in their order in the header."""
        return iter(self._cards)

    def get(self, keyword: str, default: CardValue | None = None) -> CardValue | None:
        """The value of a card, text without padding, or `default` where there is no such card.

        Raises
        ------
        SourceError
            Where the value of the card is neither text nor a logical or a number.
        """
        if keyword not in self._cards:
            return default
        card = self._cards[keyword]
        text = _TEXT.match(card)
        if text:
            return text[1].replace("''", "'").rstrip()
        value = card.partition("/")[0].strip()
        if value in ("T", "F"):
            return value == "T"
        if _INTEGER.match(value):
            return int(value)
        if _REAL.match(value):
            return float(value.replace("D", "E"))
        raise SourceError(f"{self._where}: card {keyword} is damaged: {card.strip()!r}.")

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
        return value

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
        """The value of a card that holds a number; `default` where there is no such card.

        Raises
        ------
        SourceError
            Where the value is not a number.
        """
        value = self.get(keyword, default)
        if isinstance(value, (bool, str)) or value is None:
            raise SourceError(f"{self._where}: card {keyword} is {value!r}; expected a number.")
        return value

    def label(self, keyword: str, default: str = "") -> str:
        """The value of a card as text, whatever its type; `default` where there is no such card."""
        return str(self.get(keyword, default)).strip()
