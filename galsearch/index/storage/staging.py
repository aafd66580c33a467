"""The staging directory in which a new index is built before it takes its final path."""

from contextlib import AbstractContextManager
from pathlib import Path

from galsearch.core.errors import IndexExistsError, OutputExistsError
from galsearch.files.staged.directories import new_directory
from galsearch.index.storage.generations import names_of_others
from galsearch.index.storage.latest_generation import LOCK_NAME
from galsearch.index.storage.manifest import MANIFEST_NAME


def new_build(out: Path, *, overwrite: bool) -> AbstractContextManager[Path]:
    """A context manager for a temporary directory that takes the place of `out` at the end.

    After an error in the `with` block the temporary directory is removed and `out` is unchanged.
    Until the end nobody else can build, change or replace the index at `out`.
    `galsearch.files.staged.directories.new_directory` says what is done about symbolic links, and
    about files that appear at `out` meanwhile.

    Parameters
    ----------
    out
        Final path of the index. It may be missing, an empty directory or, with `overwrite`, an
        index.
    overwrite
        Replace an index that is in `out`. Anything else is never replaced.

    Raises
    ------
    IndexExistsError
        Where `out` holds an index and `overwrite` is false.
    OutputExistsError
        Where `out` is a file, or a directory that holds something else.
    """

    def check(found: Path) -> None:
        if not (found / MANIFEST_NAME).is_file():
            raise OutputExistsError(f"{found}: exists and is not an index; nothing was changed.")
        if not overwrite:
            raise IndexExistsError(f"{found}: holds an index already; nothing was changed.")
        others = names_of_others(found)
        if others:
            raise OutputExistsError(
                f"{found}: holds {', '.join(others[:3])} beside its index ({len(others)} such); "
                "nothing was changed."
            )

    return new_directory(out, check=check, lock_name=LOCK_NAME)
