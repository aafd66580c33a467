"""Damaged copies of files, with which tests check that a reader raises only GalsearchError.

The suite reads some hundred damaged copies of each kind of file. `GALSEARCH_DAMAGED_COPIES=100000`
in the environment requests that many, which takes minutes for each reader.
"""

import os
import re
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.faults.fuzz.executions.damaged_content import NUMBERS
from galsearch.core.errors import GalsearchError


def damaged(content: bytes, generator: np.random.Generator) -> bytes:
    """A copy of `content` with one to three random kinds of damage.

    The damage is that of disks, transfers and editors: bits and bytes that differ, a truncated
    end, zeroed, repeated, removed, exchanged or inserted ranges, and another number in place of a
    number that is written as text.
    """
    for _ in range(generator.integers(1, 4)):
        content = _KINDS[generator.integers(len(_KINDS))](content, generator)
    return content


def assert_only_galsearch_errors(
    read: Callable[[bytes], object],
    originals: Sequence[bytes],
    *,
    copies: int = 300,
    seed: int = 0,
    damage: Callable[[bytes, np.random.Generator], bytes] = damaged,
    cost: int = 1,
) -> None:
    """Call `read` with damaged copies of `originals`; fail on any exception but GalsearchError.

    A copy that equals one before it is not read again.

    Parameters
    ----------
    read
        Writes its argument where the reader expects it and reads it. Its result is ignored.
    originals
        Contents that `read` accepts; the function checks that it does.
    copies
        Number of damaged copies, unless the environment requests another number.
    seed
        Seed of the damage.
    damage
        Function that makes a damaged copy.
    cost
        Divisor of the number that the environment requests, for readers that take longer.
    """
    for original in originals:
        read(original)
    if "GALSEARCH_DAMAGED_COPIES" in os.environ:
        copies = -(-int(os.environ["GALSEARCH_DAMAGED_COPIES"]) // cost)
    found: dict[str, str] = {}
    seen: set[int] = set()
    for number in range(copies):
        generator = np.random.default_rng([seed, number])
        content = damage(originals[number % len(originals)], generator)
        if hash(content) in seen:
            continue
        seen.add(hash(content))
        try:
            read(content)
        except GalsearchError:
            continue
        except Exception as error:
            kind = f"{type(error).__module__}.{type(error).__name__}"
            found.setdefault(f"{kind}: {str(error)[:200]}", f"seed {seed}, copy {number}")
    assert not found, "\n".join(f"{where}: {error}" for error, where in found.items())


def _position(content: bytes, generator: np.random.Generator) -> int:
    """A position in `content`; half of all positions are near the start or the end, in headers."""
    near = int(generator.integers(min(len(content), 4096) + 1))
    return (int(generator.integers(len(content) + 1)), near, len(content) - near)[
        min(int(generator.integers(4)), 2)
    ]


def _flip_bit(content: bytes, generator: np.random.Generator) -> bytes:
    return _with_byte(content, generator, lambda byte: byte ^ (1 << int(generator.integers(8))))


def _replace_byte(content: bytes, generator: np.random.Generator) -> bytes:
    return _with_byte(content, generator, lambda _: int(generator.integers(256)))


def _with_byte(
    content: bytes, generator: np.random.Generator, change: Callable[[int], int]
) -> bytes:
    if not content:
        return content
    position = min(_position(content, generator), len(content) - 1)
    changed = bytes([change(content[position])])
    return content[:position] + changed + content[position + 1 :]


def _truncate(content: bytes, generator: np.random.Generator) -> bytes:
    return content[: _position(content, generator)]


def _range(content: bytes, generator: np.random.Generator) -> tuple[int, int]:
    start = _position(content, generator)
    return start, min(len(content), start + int(2 ** generator.uniform(0, 13)))


def _zero_range(content: bytes, generator: np.random.Generator) -> bytes:
    start, end = _range(content, generator)
    return content[:start] + bytes(end - start) + content[end:]


def _repeat_range(content: bytes, generator: np.random.Generator) -> bytes:
    start, end = _range(content, generator)
    return content[:end] + content[start:end] + content[end:]


def _remove_range(content: bytes, generator: np.random.Generator) -> bytes:
    start, end = _range(content, generator)
    return content[:start] + content[end:]


def _insert_bytes(content: bytes, generator: np.random.Generator) -> bytes:
    position = _position(content, generator)
    return content[:position] + generator.bytes(int(generator.integers(1, 64))) + content[position:]


def _copy_range(content: bytes, generator: np.random.Generator) -> bytes:
    start, end = _range(content, generator)
    position = _position(content, generator)
    return content[:position] + content[start:end] + content[position + end - start :]


def _replace_number(content: bytes, generator: np.random.Generator) -> bytes:
    numbers = list(re.finditer(rb"[0-9]+", content[:65536]))
    if not numbers:
        return content
    chosen = numbers[int(generator.integers(len(numbers)))]
    number = NUMBERS[int(generator.integers(len(NUMBERS)))]
    # Half of the replacements keep the length, so that fixed columns of a header stay in place.
    end = chosen.start() + len(number) if generator.random() < 0.5 else chosen.end()
    return content[: chosen.start()] + number + content[end:]


_KINDS = (
    _flip_bit,
    _replace_byte,
    _truncate,
    _zero_range,
    _repeat_range,
    _remove_range,
    _insert_bytes,
    _copy_range,
    _replace_number,
)
