"""A reader of foreign files, as the fuzzer sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Read = Callable[[bytes], object]
"""Reads one content; a result and a GalsearchError are right, anything else is a finding."""


@dataclass(frozen=True)
class FuzzTarget:
    """A reader, the files with which fuzzing begins, and words that its files hold."""

    name: str
    seeds: Callable[[Path], list[bytes]]
    """Contents that the reader accepts, made by writers of galsearch in an empty directory."""
    prepare: Callable[[Path], Read]
    """The reader, which writes each content as a file into the directory at its argument."""
    words: tuple[bytes, ...] = ()
    """Words that a damaged copy may get in the place of others."""


def fresh_file(path: Path, content: bytes) -> str:
    """Path of a new file with a content, in place of an older file that may still be mapped."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return str(path)
