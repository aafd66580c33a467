"""The staging directory in which a new index is built before it is renamed to its final path."""

from contextlib import AbstractContextManager
from pathlib import Path

from galsearch.core.errors import IndexExistsError, OutputExistsError
from galsearch.files.atomic import new_directory
from galsearch.index.storage.manifest import MANIFEST_NAME


def new_build(out: Path, *, overwrite: bool) -> AbstractContextManager[Path]:
    """A context manager for a temporary directory that is renamed to `out` at the end.

    After an error in the `with` block the temporary directory is removed and `out` is unchanged.

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
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        if not (out / MANIFEST_NAME).is_file():
            raise OutputExistsError(f"{out}: exists and is not an index; nothing was changed.")
        if not overwrite:
            raise IndexExistsError(f"{out}: holds an index already; nothing was changed.")
    return new_directory(out, replace=overwrite)
