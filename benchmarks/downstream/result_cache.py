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
    """Arrays by name, in a directory that belongs to one set of settings.

    Parameters
    ----------
    root
        The directory.
    settings
        Settings that determine the results.

    Raises
    ------
    ConfigError
        Where the directory belongs to other settings, naming those that differ.
    """

    def __init__(self, root: Path, settings: Mapping[str, Any]) -> None:
        self.root = root
        path = root / SETTINGS_FILE
        wanted = json.loads(json.dumps(settings))
        if path.is_file():
            found = json.loads(path.read_text("utf-8"))
            keys = sorted(k for k in {*found, *wanted} if found.get(k) != wanted.get(k))
            if keys:
                differences = "; ".join(
                    f"{key} was {found.get(key)!r}, requested is {wanted.get(key)!r}"
                    for key in keys
                )
                raise ConfigError(
                    f"{root} belongs to a run with other settings: {differences}. Name another "
                    "--work, or remove it to start anew."
                )
        write_json(path, wanted, indent=1)

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
