"""Damaged headers of FITS files, with which tests check that a reader raises only GalsearchError.

Random bytes seldom reach a card. Here one to three cards of any header get another value.
"""

import re

import numpy as np

_CARD = re.compile(rb"(?:TTYPE|TFORM|TNULL|TSCAL|TZERO|Z|NAXIS|[A-Z])[A-Z0-9_-]{0,7} *= ")
_VALUES = (
    *("", "0", "1", "-1", "2", "8", "16", "-32", "-64", "3.5", "1E400", "NaN", "T", "F"),
    *("9" * 40, "9223372036854775808", "-9223372036854775808", "2147483648", "1000000"),
    *("'8A'", "'64X'", "'999999999K'", "'2K'", "'0A'", "'1PB(9)'", "'L'", "'B'", "'E'", "'K'"),
    *("'D'", "'3A'", "'C'", "'I'", "'J'", "''", "'TARGETID'", "'Z'", "'RICE_1'", "'GZIP_1'"),
    *("'HCOMPRESS_1'", "'PLIO_1'", "'BINTABLE'", "'IMAGE'", "'TABLE'", "'B_FLUX'", "'Jy'"),
    *("'nm'", "'\xf1\xff'", "'unclosed", "/ no value", "(1.0, 2.0)"),
)


def damaged_cards(content: bytes, generator: np.random.Generator) -> bytes:
    """A copy of a FITS file in which one to three cards have another value or are exchanged."""
    cards = [
        start
        for start in range(0, len(content), 80)
        if _CARD.match(content, start) and content[start : start + 80].isascii()
    ]
    for _ in range(generator.integers(1, 4)):
        start, other = (int(position) for position in generator.choice(cards, 2))
        value = _VALUES[int(generator.integers(len(_VALUES)))].encode("latin-1")
        card = content[start : start + 10] + value
        if generator.random() < 0.2:
            card = content[start : start + 10] + content[other + 10 : other + 80]
        content = content[:start] + card[:80].ljust(80) + content[start + 80 :]
    return content
