"""A build is made in a hidden directory beside its place and renamed when it is whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galsearch.core.errors import ManifestError
from galsearch.index.storage.manifest import MANIFEST_NAME


@contextmanager
def new_build(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """A fresh directory beside `out` that becomes `out` when the block ends without an error."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        if not (out / MANIFEST_NAME).is_file():
            raise ManifestError(
                f"{out}: exists and is not an index; nothing was touched. Name another directory."
            )
        if not overwrite:
            raise ManifestError(
                f"{out}: holds an index already. Name another directory, or replace it with "
                "--overwrite."
            )
    # The process number keeps two builds apart; the dot hides it from a search for builds.
    temporary = out.absolute().with_name(f".{out.name}.{os.getpid()}.part")
    replaced = temporary.with_suffix(".old")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if out.exists():
            out.rename(replaced)
        temporary.rename(out)
    except BaseException:
        if replaced.exists() and not out.exists():
            replaced.rename(out)
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)
