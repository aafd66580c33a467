"""Doors to Bagpipes, GalSim and speclite: imported when needed, and quietly."""

import contextlib
import importlib
import io
from typing import Any

from galsearch.core.errors import MissingExtraError


def load_extra(name: str) -> Any:
    """The module `name`; what it prints while it is imported (Bagpipes does) is dropped.

    Raises
    ------
    MissingExtraError
        Where it is not installed.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(
            f"simulating galaxies needs {name.split('.')[0]}, which is part of the extra 'sim' of "
            f"galsearch and is not installed ({error})."
        ) from error
