"""The chain from survey files over dataset, encoder and shards to an index, and its check."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from galsearch.core.errors import NoEmbeddingsError, ProvenanceError
from galsearch.core.modality import Modality
from galsearch.dataset.reader import open_dataset
from galsearch.dataset.source_record import SourceRecord
from galsearch.embeddings.store_record import StoreRecord, read_record
from galsearch.index.provenance.chain_links import (
    Link,
    LinkState,
    dataset_link,
    embeddings_links,
    files_link,
    list_link,
    list_of_dataset,
    tables_of_embeddings,
)
from galsearch.index.provenance.chain_text import chain_lines, wrapped
from galsearch.index.provenance.directory_kind import DirectoryKind, directory_kind
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.manifest import IndexManifest
from galsearch.index.storage.origin_manifest import IMPORTED_TABLES, OriginManifest, origin_of
from galsearch.index.storage.read_unchanged import read_unchanged

_MAX_SHOWN = 10
"""Largest number of chains that a text shows."""


@dataclass(frozen=True)
class Chain:
    """One chain: what was recorded, and how each link compares with what is there."""

    origin: OriginManifest | None
    """The record of the chain; None for a dataset, which records its survey files alone."""
    links: tuple[Link, ...]
    sources: tuple[SourceRecord, ...]
    """The survey files, where their list is at hand and is the recorded one."""


@dataclass(frozen=True)
class Provenance:
    """The origin of an index, of embeddings or of a dataset; `str` gives a text of 100 columns."""

    kind: DirectoryKind
    directory: str
    facts: dict[str, Any]
    """Facts on the directory itself, by name."""
    chains: tuple[Chain, ...]

    @property
    def links(self) -> tuple[Link, ...]:
        """The links of all chains."""
        return tuple(link for chain in self.chains for link in chain.links)

    def as_table(self) -> dict[str, Any]:
        """All that is known, as nested dictionaries and lists of JSON."""
        table: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return table

    def require_match(self) -> None:
        """Check that no link that is recorded and at hand differs from its record.

        Raises
        ------
        ProvenanceError
            Where links differ; the message names each of them.
        """
        broken = [link for link in self.links if link.state is LinkState.DIFFERS]
        if broken:
            found = dict.fromkeys(f"{link.name}: {link.found}" for link in broken)
            raise ProvenanceError(
                "\n".join(
                    [
                        f"{self.directory}: the origin of the {self.kind.value} has changed in "
                        f"{len(found)} {'link' if len(found) == 1 else 'links'} of its chain.",
                        *found,
                    ]
                ),
                links=[link.name for link in broken],
            )

    def summary(self) -> str:
        """One sentence on the states of all links."""
        names = dict.fromkeys(link.name for link in self.links)
        states = {
            name: dict.fromkeys(_with_remark(link) for link in self.links if link.name == name)
            for name in names
        }
        return "made from: " + "; ".join(
            f"{name} {' and '.join(each)}" for name, each in states.items()
        )

    def __str__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        lines = wrapped(f"{self.kind.value} {self.directory}: {facts}", "")
        for chain in self.chains[:_MAX_SHOWN]:
            lines += ["", *chain_lines(chain.origin, chain.links, chain.sources)]
        if len(self.chains) > _MAX_SHOWN:
            more = len(self.chains) - _MAX_SHOWN
            lines += ["", f"... and {more:,} more origins; JSON lists all."]
        return "\n".join(lines)


def _with_remark(link: Link) -> str:
    """The state of a link, with what was found beside the record."""
    state = link.state.value
    if link.state is LinkState.MATCHES and link.found:
        return f"{state} ({link.found.rstrip('.')})"
    return state


def provenance(directory: str | Path | None = None, *, read: bool = False) -> Provenance:
    """The origin of an index, of embeddings or of a dataset, compared with what is there now.

    Embeddings, dataset and survey files are looked for where they were found when they were used.
    What is not there any more is no fault, since an index needs none of them.

    Parameters
    ----------
    directory
        Directory of an index, of embeddings or of a dataset; default: the only index under
        `index_builds`.
    read
        Read the content of all survey files that are at hand, and ask servers for ETags; otherwise
        only records and sizes are compared.

    Raises
    ------
    NoIndexError
        Where there is no index.
    ManifestError, ShardError, DatasetError
        Where the records of the directory itself are damaged.
    """
    path = find_build() if directory is None else Path(directory)
    kind = directory_kind(path)
    if kind is DirectoryKind.DATASET:
        return _of_dataset(path, read=read)
    if kind is DirectoryKind.EMBEDDINGS:
        return _of_embeddings(path, read=read)
    manifest = read_unchanged(path, lambda _, found: found)
    facts = {
        "name": manifest.recipe.name,
        "galaxies": manifest.n_galaxies,
        "generation": manifest.generation,
        "built": manifest.created,
        "files with sha256": len(manifest.files),
        **manifest.versions,
    }
    return Provenance(kind, str(path), facts, _chains_of_index(manifest, read=read))


def _chains_of_index(manifest: IndexManifest, *, read: bool) -> tuple[Chain, ...]:
    chains = []
    for origin in manifest.known_origins:
        links = embeddings_links(origin)
        tables: list[SourceRecord] = []
        if not origin.dataset and links[0].state is LinkState.MATCHES:
            record = read_record(Path(origin.embeddings) / next(iter(origin.shards)))
            tables = [] if record is None else tables_of_embeddings(record)
        chains.append(_upstream(origin, links, tables, read=read))
    return tuple(chains)


def _upstream(
    origin: OriginManifest,
    links: tuple[Link, ...],
    tables: list[SourceRecord],
    *,
    read: bool,
) -> Chain:
    """A chain with the links from embeddings to their dataset and its survey files, or tables."""
    if not origin.dataset:
        if not tables:
            said = "The embeddings, which list them, are not at hand, or list none."
            return Chain(origin, (*links, Link(IMPORTED_TABLES, LinkState.ABSENT, said)), ())
        link = files_link(IMPORTED_TABLES, tables, read=read)
        return Chain(origin, (*links, link), tuple(tables))
    dataset, listed = dataset_link(origin), list_link(origin)
    if dataset.state is not LinkState.MATCHES:
        # The list beside another dataset is not the one of this chain.
        unknown = listed if listed.state is LinkState.UNRECORDED else None
        said = "The dataset, which lists them, is not the recorded one, or not at hand."
        survey_files = unknown or Link("survey files", LinkState.ABSENT, said)
        return Chain(origin, (*links, dataset, survey_files), ())
    sources: list[SourceRecord] = []
    if listed.state is not LinkState.DIFFERS:
        sources = list_of_dataset(Path(origin.dataset))
    if listed.state is LinkState.MATCHES:
        listed = files_link("survey files", sources, read=read)
    return Chain(origin, (*links, dataset, listed), tuple(sources))


def _of_embeddings(path: Path, *, read: bool) -> Provenance:
    records: dict[Modality, StoreRecord] = {}
    for kind in Modality:
        record = read_record(path / kind)
        if record is not None:
            records[kind] = record
    if not records:
        raise NoEmbeddingsError(f"{path}: holds no finished embeddings.", embeddings=path)
    first = next(iter(records.values()))
    origin = origin_of(path, records, first.n_rows + first.n_missing)
    chain = _upstream(origin, (), tables_of_embeddings(first), read=read)
    facts = {f"{kind} embeddings": record.n_rows for kind, record in records.items()}
    return Provenance(DirectoryKind.EMBEDDINGS, str(path), facts, (chain,))


def _of_dataset(path: Path, *, read: bool) -> Provenance:
    dataset = open_dataset(path)
    sources = list_of_dataset(path)
    if sources:
        link = files_link("survey files", sources, read=read)
    else:
        said = f"{path}: its survey files were not recorded, as by earlier versions."
        link = Link("survey files", LinkState.UNRECORDED, said)
    facts = {"name": dataset.name, "galaxies": len(dataset), "sha256": dataset.digest}
    chain = Chain(None, (link,), tuple(sources))
    return Provenance(DirectoryKind.DATASET, str(path), facts, (chain,))
