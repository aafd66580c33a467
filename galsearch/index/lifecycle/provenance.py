"""The chain from survey files over dataset and encoder to an index."""

from collections import Counter
from pathlib import Path

from galsearch.core.errors import GalsearchError
from galsearch.core.fingerprint import short_digest
from galsearch.dataset.reader import open_dataset
from galsearch.dataset.source_record import SourceRecord, read_sources
from galsearch.index.search.open_build import open_build
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.manifest import IndexManifest


def provenance(directory: str | Path | None = None) -> str:
    """The origin of an index, one line for each link of the chain and each survey file.

    The dataset is opened where the embeddings found it, and its digest is compared with the one
    that the index records.

    Parameters
    ----------
    directory
        Directory of the index; default: the only one under `index_builds`.

    Raises
    ------
    NoIndexError
        Where there is no index.
    ManifestError
        Where the index is damaged.
    """
    opened = open_build(find_build() if directory is None else Path(directory))
    manifest = opened.manifest
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    lines = [
        f"index {opened.directory}: '{manifest.recipe.name}', generation {manifest.generation}, "
        f"built {manifest.created}, sha256 of {len(manifest.files)} files recorded",
        f"made with {versions}",
        f"encoder: fingerprint {short_digest(manifest.fingerprint)}",
        *_of_dataset(manifest),
    ]
    return "\n".join(lines)


def _of_dataset(manifest: IndexManifest) -> list[str]:
    name = f"dataset {manifest.dataset}: sha256 {short_digest(manifest.dataset_digest)}"
    try:
        dataset = open_dataset(manifest.dataset)
        sources = read_sources(dataset.path)
    except GalsearchError:
        return [f"{name}; it cannot be opened there, so its survey files are not known"]
    if dataset.digest != manifest.dataset_digest:
        found = short_digest(dataset.digest)
        return [f"{name}; another dataset is there now, sha256 {found}"]
    lines = [f"{name}; it is there, {len(dataset)} galaxies"]
    if not sources:
        return [*lines, "survey files: none recorded, as in datasets of earlier versions"]
    kinds = Counter(source.kind for source in sources)
    counts = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    return [*lines, f"survey files: {counts}", *map(_of_source, sources)]


def _of_source(source: SourceRecord) -> str:
    parts = [f"  {source.kind} {source.url}"]
    if source.n_bytes is not None:
        parts.append(f"{source.n_bytes:,} bytes")
    if source.sha256 is not None:
        parts.append(f"sha256 {short_digest(source.sha256)}")
    if source.etag is not None:
        parts.append(f"ETag {source.etag}")
    if source.release:
        parts.append(f"release {source.release}")
    return ", ".join(parts)
