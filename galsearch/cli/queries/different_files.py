"""A check that no file of a command is written twice, or read and then replaced."""

from collections.abc import Hashable, Mapping
from pathlib import Path

from galsearch.core.errors import QueryError
from galsearch.files.staged.same_file import file_identity

Files = Mapping[str, str | Path | None]
"""Files by the option that names them; None where the option is not given."""


def require_different_files(*, written: Files, read: Files) -> None:
    """Check that each file that is written is no other file of the command.

    Parameters
    ----------
    written
        Files that the command writes.
    read
        Files that it reads, of which two may be the same.

    Raises
    ------
    QueryError
        Where two options name one file.

    Examples
    --------
    >>> require_different_files(written={"--out": "a.csv"}, read={"--queries": "b.csv"})
    """
    used: dict[Hashable, str] = {}
    for files, may_repeat in ((read, True), (written, False)):
        for option, path in files.items():
            if path is None:
                continue
            place = file_identity(path)
            if place in used and not may_repeat:
                raise QueryError(f"{used[place]} and {option} name the same file, {path}.")
            used[place] = option
