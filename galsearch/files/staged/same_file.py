"""Comparison of paths by the file that they name, on any file system.

Several paths may lead to one file: by a symbolic or hard link, or by names that differ in case only
on a file system that ignores case, as those of macOS and Windows do.
"""

import os
from collections.abc import Hashable
from pathlib import Path


def file_identity(path: str | Path) -> Hashable:
    """A value that is equal for all paths of one file, whether or not it exists yet.

    Examples
    --------
    >>> file_identity("a/../no-such-file") == file_identity("no-such-file")
    True
    """
    try:
        found = Path(path).stat()
    except OSError:
        resolved = Path(path).resolve()
        folder, name = resolved.parent, resolved.name
        return folder, name.casefold() if ignores_case(folder) else name
    if not found.st_ino:
        # Some file systems on Windows have no numbers of files.
        return os.path.normcase(os.path.realpath(path))
    return found.st_dev, found.st_ino


def ignores_case(folder: Path) -> bool:
    """True where a folder can be opened by its name in the other case.

    False where that cannot be known, since the name of the folder has no letters or there is no
    such folder.
    """
    for part in (folder, *folder.parents):
        swapped = part.with_name(part.name.swapcase()) if part.name else part
        if swapped.name != part.name:
            try:
                return part.samefile(swapped)
            except OSError:
                return False
    return False
