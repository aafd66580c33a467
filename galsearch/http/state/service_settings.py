"""Settings of the service: the indexes, the datasets with their pixels, and the limits."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from galsearch.core.errors import ConfigError


@dataclass(frozen=True)
class Limits:
    """Limits of one request, and of the requests that are answered at a time."""

    rows: int = 10_000
    """Galaxies of one answer, with those that are skipped."""
    body_bytes: int = 64 << 20
    """Bytes of the body of a request, and so of an uploaded file."""
    body_seconds: float = 60.0
    """Seconds in which the body of a request must arrive."""
    request_seconds: float = 30.0
    """Seconds that a request is computed before it is answered without a result."""
    upload_seconds: float = 60.0
    """Seconds in which an uploaded file is read and embedded; the process is ended then."""
    upload_memory_bytes: int = 6 << 30
    """Memory of the process that reads and embeds uploaded files."""
    concurrent_requests: int = 256
    """Requests that one process answers at a time; further ones are refused."""
    waiting_slow: int = 16
    """Long requests (exact ones, estimates, uploads) that wait; further ones are refused."""
    where_characters: int = 2_000
    """Characters of a condition."""
    examples: int = 1_000
    """TARGETIDs of examples and of counter-examples, and those that estimates are wanted of."""
    ids: int = 100_000
    """TARGETIDs among which neighbours are searched."""
    map_galaxies: int = 2_000_000
    """Galaxies of a map, 13 bytes each; of more, as many are chosen at random."""
    diverse_rows: int = 500
    """Galaxies of a diverse answer, whose time grows with the square of their number."""
    threads: int = 2
    """Threads of one process that search."""


@dataclass(frozen=True)
class ServiceSettings:
    """The indexes and datasets of a service, and the requests that it accepts.

    Raises
    ------
    ConfigError
        Where there is no index, or a dataset is of an index that is not served.
    """

    indexes: Mapping[str, Path]
    """Directory of each index by its name; the first one answers requests that name none."""
    datasets: Mapping[str, Path] = field(default_factory=dict)
    """Directory of the dataset of an index by its name, where it is not the recorded one."""
    token: str | None = None
    """Text that requests must bear; None to answer everybody."""
    names: Path | None = None
    """Table of names and positions in which names of galaxies are looked up."""
    sesame: bool = False
    """Ask Sesame, on the network, for names that are known neither by themselves nor in a table."""
    encoder: str | None = None
    """Encoder of uploaded files; by default the one that comes with galsearch."""
    api_pages: bool = False
    """Serve the pages about the interface (`/docs`), whose scripts are loaded from elsewhere."""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.indexes:
            raise ConfigError("the service has no index; expected one or more.")
        unknown = [name for name in self.datasets if name not in self.indexes]
        if unknown:
            raise ConfigError(
                f"a dataset is given for the index '{unknown[0]}'; the service has "
                f"{', '.join(self.indexes)}."
            )

    def to_json(self) -> str:
        """The settings as text, for the processes of the service."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The settings of a text that `to_json` made.

        Examples
        --------
        >>> settings = ServiceSettings({"demo": Path("index_builds/demo")})
        >>> ServiceSettings.from_json(settings.to_json()) == settings
        True
        """
        values: dict[str, Any] = json.loads(text)
        for key in ("indexes", "datasets"):
            values[key] = {name: Path(path) for name, path in values[key].items()}
        values["names"] = None if values["names"] is None else Path(values["names"])
        return cls(**{**values, "limits": Limits(**values["limits"])})
