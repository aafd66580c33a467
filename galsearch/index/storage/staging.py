"""The directory in which a new index is made before it takes its final place."""

from contextlib import AbstractContextManager
from pathlib import Path

from galsearch.core.errors import IndexExistsError, OutputExistsError
from galsearch.files.atomic import new_directory
from galsearch.index.storage.manifest import MANIFEST_NAME


def new_build(out: Path, *, overwrite: bool) -> AbstractContextManager[Path]:
    """A context manager for a fresh directory that becomes `out` when the block ends.

    After an error in the block nothing is left of it, and `out` is as it was.

    Parameters
    ----------
    out
        May be missing, an empty directory or, with `overwrite`, an index.
    overwrite
        Replace an index that is in `out`. Anything else is never replaced.

    Raises
    ------
    IndexExistsError
        Where `out` holds an index and `overwrite` is false.
    OutputExistsError
        Where `out` is a file, or a directory that holds something else.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        if not (out / MANIFEST_NAME).is_file():
            raise OutputExistsError(f"{out}: exists and is not an index; nothing was changed.")
        if not overwrite:
            raise IndexExistsError(f"{out}: holds an index already; nothing was changed.")
    return new_directory(out, replace=True)
