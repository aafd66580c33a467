"""Imports of Bagpipes, GalSim and speclite, which are optional and print when they are imported."""

import contextlib
import importlib
import io
from typing import Any

from galsearch.core.errors import MissingExtraError


def import_optional(name: str) -> Any:
    """The imported module called `name`; text that it prints during the import is dropped.

    Raises
    ------
    MissingExtraError
        Where the module is not installed.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(
            f"simulating galaxies needs {name.split('.')[0]}, which is part of the extra 'sim' of "
            f"galsearch and is not installed ({error})."
        ) from error
