"""Finished results of a benchmark on disk, from which an interrupted run continues."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ConfigError
from galsearch.files.atomic import write_arrays, write_json

SETTINGS_FILE = "settings.json"


class ResultCache:
    """Store of named arrays on disk, in a directory that belongs to one set of settings.

    Parameters
    ----------
    root
        The directory.
    settings
        Settings that determine the results.

    Raises
    ------
    ConfigError
        Where the directory belongs to other settings; the message names those that differ.
    """

    def __init__(self, root: Path, settings: Mapping[str, Any]) -> None:
        self.root = root
        path = root / SETTINGS_FILE
        requested = json.loads(json.dumps(settings))
        if path.is_file():
            found = json.loads(path.read_text("utf-8"))
            keys = sorted(k for k in {*found, *requested} if found.get(k) != requested.get(k))
            if keys:
                differences = "; ".join(
                    f"{key} was {found.get(key)!r}, requested is {requested.get(key)!r}"
                    for key in keys
                )
                raise ConfigError(
                    f"{root} belongs to a run with other settings: {differences}. Name another "
                    "--work, or remove it to start anew."
                )
        write_json(path, requested, indent=1)

    def get(self, name: str) -> dict[str, npt.NDArray[Any]] | None:
        """The arrays stored under a name; None where there are none yet."""
        path = self.root / f"{name}.npz"
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    def put(self, name: str, **arrays: npt.NDArray[Any]) -> None:
        """Store arrays under a name, atomically."""
        write_arrays(self.root / f"{name}.npz", **arrays)
