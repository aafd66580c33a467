"""Damage of contents beside that of the fuzzer's own mutator: numbers, words and cards of FITS."""

import random
import re
from collections.abc import Sequence

NUMBERS = (
    b"-1",
    b"0",
    b"1e300",
    b"nan",
    b"inf",
    b"9" * 40,
    b"18446744073709551616",
    b"2147483648",
)
"""Numbers, as text, at which readers tend to fail."""
_DIGITS = re.compile(rb"[0-9]+")
_CARD_BYTES = 80
_SEARCHED_BYTES = 65_536


def damaged(content: bytes, words: Sequence[bytes], seed: int) -> bytes:
    """A copy with one to three other numbers, words, or ranges that are cut, repeated or moved.

    Parameters
    ----------
    content
        The content to be damaged.
    words
        Words of such files.
    seed
        Equal seeds give equal damage.
    """
    generator = random.Random(seed)  # noqa: S311
    for _ in range(generator.randint(1, 3)):
        kind = generator.randrange(5)
        if kind == 0:
            content = _another_number(content, generator)
        elif kind == 1 and words:
            content = _another_word(content, words, generator)
        elif kind == 2 and content.startswith(b"SIMPLE  ="):
            content = _another_card(content, words, generator)
        elif kind == 3:
            content = _without_range(content, generator)
        else:
            content = _moved_range(content, generator)
    return content


def _another_number(content: bytes, generator: random.Random) -> bytes:
    found = list(_DIGITS.finditer(content, 0, _SEARCHED_BYTES))
    if not found:
        return content
    chosen, number = generator.choice(found), generator.choice(NUMBERS)
    # Half of the replacements keep the length, so that fixed columns of a header stay in place.
    end = chosen.start() + len(number) if generator.random() < 0.5 else chosen.end()
    return content[: chosen.start()] + number + content[end:]


def _another_word(content: bytes, words: Sequence[bytes], generator: random.Random) -> bytes:
    word, start = generator.choice(words), generator.randint(0, len(content))
    end = start + len(word) if generator.random() < 0.5 else start
    return content[:start] + word + content[end:]


def _another_card(content: bytes, words: Sequence[bytes], generator: random.Random) -> bytes:
    """Another value of a card, or the value of one card at another."""
    n_cards = max(1, len(content) // _CARD_BYTES)
    cards = [
        start
        for start in (generator.randrange(n_cards) * _CARD_BYTES for _ in range(20))
        if content[start + 8 : start + 10] == b"= "
    ]
    if len(cards) < 2:
        return content
    start, other = cards[0] + 10, cards[1] + 10
    value = content[other : other + 70]
    if words and generator.random() < 0.8:
        value = generator.choice((*words, *NUMBERS))[:70].ljust(70)
    return content[:start] + value + content[start + 70 :]


def _range(content: bytes, generator: random.Random) -> tuple[int, int]:
    start = generator.randint(0, len(content))
    return start, start + int((1 + len(content) / 4) ** generator.random())


def _without_range(content: bytes, generator: random.Random) -> bytes:
    start, end = _range(content, generator)
    return content[:start] + content[end:]


def _moved_range(content: bytes, generator: random.Random) -> bytes:
    (start, end), to = _range(content, generator), generator.randint(0, len(content))
    return content[:to] + content[start:end] + content[to:]
