"""Manifest entry of the embeddings, encoder, dataset and survey files behind an index."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.dataset.source_summary import SourceGroup, SourceSummary
from galsearch.embeddings.store_record import StoreRecord

IMPORTED_TABLES = "imported tables"
"""Kind of the tables that embeddings of another model were imported from."""


@dataclass(frozen=True)
class OriginManifest:
    """One chain of an index: survey files, a dataset, an encoder, and the shards of embeddings.

    A build has one of them; each addition adds one, and a merged index has those of its parts.
    """

    embeddings: str
    """Directory of the embeddings; '' where none is recorded, as in indexes of earlier versions."""
    shards: dict[Modality, str]
    """SHA-256 of the names and digests of all shards of each modality; '' where the embeddings
    record none."""
    encoder: str
    """Name of the encoder; '' where none is recorded."""
    fingerprint: Fingerprint
    precision: str
    """Number format of the encoder's matrix products; '' where none is recorded."""
    dataset: str
    """Directory of the dataset; '' for embeddings that were made elsewhere."""
    dataset_digest: str
    """SHA-256 of the dataset, or of the tables that were imported."""
    sources: SourceSummary | None
    """Survey files of the dataset, or tables that were imported; None where none are recorded."""
    n_galaxies: int
    """Number of galaxies that came from these embeddings, some of which may be removed since."""

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> "OriginManifest":
        """The entry that a dictionary in `manifest.json` describes."""
        sources = table["sources"]
        kinds = {
            "shards": {Modality(kind): digest for kind, digest in table["shards"].items()},
            "fingerprint": Fingerprint(table["fingerprint"]),
            "sources": None if sources is None else SourceSummary.from_table(sources),
        }
        return cls(**{**table, **kinds})


def origin_of(
    embeddings: Path, records: Mapping[Modality, StoreRecord], n_galaxies: int
) -> OriginManifest:
    """The origin of galaxies that a directory of embeddings holds.

    Parameters
    ----------
    embeddings
        The directory.
    records
        Records of its stores, at least one.
    n_galaxies
        Number of the galaxies.
    """
    first = next(iter(records.values()))
    return OriginManifest(
        embeddings=str(embeddings.resolve()),
        shards={kind: record.shards_digest for kind, record in records.items()},
        encoder=first.encoder,
        fingerprint=first.fingerprint,
        precision=first.precision,
        dataset=first.dataset,
        dataset_digest=first.dataset_digest,
        sources=first.dataset_sources or _imported_tables(first),
        n_galaxies=n_galaxies,
    )


def _imported_tables(record: StoreRecord) -> SourceSummary | None:
    """The tables that embeddings were imported from; None for others."""
    if not record.sources:
        return None
    n_bytes = sum(table.n_bytes or 0 for table in record.sources.values())
    group = SourceGroup(IMPORTED_TABLES, "", len(record.sources), n_bytes)
    return SourceSummary(record.dataset_digest, (group,))
