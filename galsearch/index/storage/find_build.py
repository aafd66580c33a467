"""Search for the directory of an index, for callers that do not name one."""

from pathlib import Path

from galsearch.core.errors import NoIndexError, SeveralIndexesError
from galsearch.index.storage.manifest import MANIFEST_NAME

BUILDS_DIRECTORY = "index_builds"


def find_build(builds: str | Path = BUILDS_DIRECTORY) -> Path:
    """The directory of the only index under `builds`.

    An index is a directory with a `manifest.json`. Hidden directories, in which indexes are being
    built, do not count.

    Parameters
    ----------
    builds
        Directory whose sub-directories are searched.

    Raises
    ------
    NoIndexError
        Where there is no index.
    SeveralIndexesError
        Where there are several indexes; the message lists them.
    """
    builds = Path(builds)
    found = sorted(
        path.parent
        for path in builds.glob(f"*/{MANIFEST_NAME}")
        if not path.parent.name.startswith(".")
    )
    if not found:
        raise NoIndexError(f"there is no index under {builds}/.", builds=builds)
    if len(found) > 1:
        names = ", ".join(str(path) for path in found)
        raise SeveralIndexesError(
            f"{len(found)} indexes are under {builds}/: {names}.", found=found
        )
    return found[0]
