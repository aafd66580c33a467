"""What a run has finished, on disk: started again, it goes on with what is left."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ConfigError
from galsearch.files.atomic import new_file

SETTINGS_FILE = "settings.json"


class ResultCache:
    """Arrays by name in a directory that belongs to one set of settings.

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
                    f"{key} was {found.get(key)!r}, asked for is {wanted.get(key)!r}"
                    for key in keys
                )
                raise ConfigError(
                    f"{root} belongs to a run with other settings: {differences}. Name another "
                    "--work, or remove it to start anew."
                )
        with new_file(path) as temporary:
            temporary.write_text(json.dumps(wanted, indent=1) + "\n", "utf-8")

    def get(self, name: str) -> dict[str, npt.NDArray[Any]] | None:
        """The arrays of this name; None where they are still to be made."""
        path = self.root / f"{name}.npz"
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    def put(self, name: str, **arrays: npt.NDArray[Any]) -> None:
        """Keep arrays under a name, whole or not at all."""
        with new_file(self.root / f"{name}.npz") as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
