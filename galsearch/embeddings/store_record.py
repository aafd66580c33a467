"""The file `store.json` of an embedding store: its content, and how it is read and written."""

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from galsearch.core.errors import ShardError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.dataset.source_summary import SourceSummary
from galsearch.files.atomic import write_json
from galsearch.files.digest import sha256_of_text
from galsearch.files.json_input import read_json

STORE_FILE = "store.json"
SHARD_PATTERN = "part-*.parquet"


def shard_name(order: int, pixel: int) -> str:
    """File name of the shard of a HEALPix pixel.

    Examples
    --------
    >>> shard_name(2, 13)
    'part-02-000000013.parquet'
    """
    return f"part-{order:02d}-{pixel:09d}.parquet"


@dataclass(frozen=True)
class SourceFile:
    """A file that embeddings were imported from."""

    n_rows: int | None
    """Number of its rows; None for a catalogue, of which only some rows may be used."""
    n_bytes: int | None
    """Size in bytes; None where a server does not state it."""
    sha256: str | None
    """SHA-256 digest of a local file; None for a URL."""
    version: str | None
    """Version (ETag) that a store states."""


@dataclass(frozen=True)
class StoreRecord:
    """Content of `store.json`: the origin of a store and the number of rows of each shard."""

    modality: Modality
    encoder: str
    """Name of the encoder that made the embeddings."""
    fingerprint: Fingerprint
    """Fingerprint of the encoder that made the embeddings."""
    dim: int
    """Number of dimensions of an embedding."""
    n_rows: int
    """Number of embeddings, one for each galaxy of the dataset that has the modality."""
    n_missing: int
    """Number of galaxies of the dataset that lack the modality."""
    dataset: str
    """Path of the dataset that was embedded; empty for embeddings that were made elsewhere."""
    dataset_digest: str
    """SHA-256 of the embedded dataset, from `Dataset.digest`."""
    shards: dict[str, int]
    """Number of rows of each shard, by file name."""
    precision: str = "fp32"
    """Number format of the encoder's matrix products. Embeddings of one encoder are comparable
    whatever their precision."""
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each shard, by file name; empty where none is recorded, as in stores of earlier
    versions or of other tools."""
    catalogue_sha256: str | None = None
    """SHA-256 of `catalogue.parquet` beside the stores; None where none is recorded."""
    device: str | None = None
    """Names of the devices that computed the embeddings, such as 'cpu'; None where none is
    recorded, as in stores of earlier versions."""
    sources: dict[str, SourceFile] = field(default_factory=dict)
    """Tables that the embeddings were imported from, by path or URL; empty for embeddings that
    galsearch made."""
    dataset_sources: SourceSummary | None = None
    """Survey files of the embedded dataset; None where none are recorded, as in stores of earlier
    versions, and for embeddings that were made elsewhere."""

    @property
    def shards_digest(self) -> str:
        """SHA-256 of the names and digests of all shards; '' where no digests are recorded."""
        lines = [f"{self.digests[name]}  {name}\n" for name in sorted(self.digests)]
        return sha256_of_text("".join(lines)) if lines else ""


def read_record(folder: Path) -> StoreRecord | None:
    """The record of the store in `folder`, or None where the store is unfinished or absent.

    Parameters
    ----------
    folder
        Directory of the store.

    Raises
    ------
    ShardError
        Where `store.json` is not a valid record of a store.
    """
    path = folder / STORE_FILE
    if not path.is_file():
        return None
    table = read_json(path, ShardError)
    problem = _problem_of_record(table)
    if problem:
        raise ShardError(f"{path}: not the record of a store ({problem}).")
    kinds: dict[str, Any] = {
        "modality": Modality(table["modality"]),
        "fingerprint": Fingerprint(table["fingerprint"]),
        "sources": {url: SourceFile(**kept) for url, kept in table.get("sources", {}).items()},
    }
    if table.get("dataset_sources") is not None:
        kinds["dataset_sources"] = SourceSummary.from_table(table["dataset_sources"])
    return StoreRecord(**{**table, **kinds})


def _problem_of_record(table: Any) -> str:
    """Description of the fault of the value in a `store.json`; empty where it has none."""
    if not isinstance(table, dict):
        return "expected an object"
    fields = dataclasses.fields(StoreRecord)
    names = {field.name for field in fields}
    unknown = [key for key in table if key not in names]
    missing = [field.name for field in fields[:9] if field.name not in table]
    if unknown or missing:
        return f"unknown key {unknown[0]!a}" if unknown else f"no key {missing[0]!r}"
    checks = {
        "modality": table["modality"] in list(Modality),
        "fingerprint": _is_digest(table["fingerprint"]),
        "dim": _is_count(table["dim"]) and table["dim"] > 0,
        "n_rows": _is_count(table["n_rows"]),
        "n_missing": _is_count(table["n_missing"]),
        "shards": isinstance(table["shards"], dict)
        and all(map(_is_count, table["shards"].values())),
        "digests": _are_digests(table.get("digests", {}), table["shards"]),
        "catalogue_sha256": table.get("catalogue_sha256") is None
        or _is_digest(table["catalogue_sha256"]),
        "sources": _are_sources(table.get("sources", {})),
        "dataset_sources": table.get("dataset_sources") is None
        or _is_summary(table["dataset_sources"]),
    }
    texts = ("encoder", "dataset", "dataset_digest", "precision", "device")
    checks |= {name: isinstance(table.get(name) or "", str) for name in texts}
    return next((f"no valid value of {name!r}" for name, valid in checks.items() if not valid), "")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _are_digests(digests: Any, shards: Any) -> bool:
    """True for digests of all shards or of none."""
    if not isinstance(digests, dict) or not isinstance(shards, dict):
        return False
    if not all(map(_is_digest, digests.values())):
        return False
    return not digests or digests.keys() == shards.keys()


def _are_sources(sources: Any) -> bool:
    """True for the facts of imported tables by their names."""
    names = {field.name for field in dataclasses.fields(SourceFile)}
    return isinstance(sources, dict) and all(
        isinstance(facts, dict) and facts.keys() == names for facts in sources.values()
    )


def _is_summary(value: Any) -> bool:
    try:
        SourceSummary.from_table(value)
    except ValueError:
        return False
    return True


def write_record(folder: Path, record: StoreRecord) -> None:
    """Write the record of a store as `store.json`, atomically."""
    write_json(folder / STORE_FILE, dataclasses.asdict(record))


def remove_record(folder: Path) -> None:
    """Remove `store.json`; a store without that file counts as unfinished."""
    (folder / STORE_FILE).unlink(missing_ok=True)
