"""Acknowledgements and BibTeX of what an index rests on, from its manifest and its dataset."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

from galsearch.core.errors import DatasetError, EncoderMismatchError, GalsearchError
from galsearch.core.fingerprint import short_digest
from galsearch.core.version import VERSION
from galsearch.dataset.reader import Dataset, open_dataset
from galsearch.dataset.source_record import read_sources
from galsearch.dataset.source_summary import SourceGroup, count_sources
from galsearch.embeddings.open_embeddings import open_stores
from galsearch.index.citation.bibliography import (
    Reference,
    acknowledgement,
    references,
    software_entry,
)
from galsearch.index.citation.works import SurveyFiles, works_of
from galsearch.index.search.open_build import open_build
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.manifest import IndexManifest
from galsearch.index.storage.origin_manifest import OriginManifest

_WIDTH = 100


@dataclass(frozen=True)
class Citations:
    """The works that an index rests on, and the acknowledgements that they ask for."""

    index: str
    """Name of the index."""
    works: tuple[tuple[Reference, str], ...]
    """Each work, and why the index rests on it."""
    acknowledgements: tuple[str, ...]
    """Texts that surveys ask to be printed, word for word."""
    notes: tuple[str, ...]
    """Sentences on what is not known, or must be said."""

    def bibtex(self) -> str:
        """The works as a BibTeX file."""
        return "\n\n".join(reference.bibtex for reference, _ in self.works) + "\n"

    def __str__(self) -> str:
        """The works with their reasons, the notes and the acknowledgements, as text."""
        lines = [f"index '{self.index}' rests on {len(self.works)} works:"]
        for reference, reason in self.works:
            lines += _wrapped(f"{reference} [{reference.key}]", "- ")
            lines += _wrapped(reason, "    ")
        for note in self.notes:
            lines += ["", *_wrapped(f"Note: {note}", "")]
        for text in self.acknowledgements:
            lines += ["", "Acknowledgement:", *_wrapped(text, "  ")]
        return "\n".join(lines)


def cite(
    index: str | Path | None = None,
    *,
    dataset: str | Path | None = None,
    embeddings: str | Path | None = None,
) -> Citations:
    """The works and acknowledgements that a paper has to name where it uses an index.

    The survey files, their releases, the encoder and the software are those that the manifest of
    the index records. For indexes of earlier versions the dataset is asked for its survey files.

    Parameters
    ----------
    index
        Directory of the index; default: the only one under `index_builds`.
    dataset
        Directory of its dataset, where that has moved.
    embeddings
        Directory of its embeddings, which records the name of the encoder. An index of imported
        embeddings that an earlier version built needs it, since it records no name.

    Returns
    -------
    Citations
        Its method `bibtex` gives a BibTeX file, `str` a text.

    Raises
    ------
    NoIndexError
        Where there is no index.
    ManifestError
        Where the index is damaged.
    DatasetError, NoEmbeddingsError
        Where there is no dataset, or there are no embeddings, in a given directory, or the dataset
        is not that of the index.
    EncoderMismatchError
        Where the embeddings are of another encoder than the index.
    """
    manifest = open_build(find_build() if index is None else Path(index)).manifest
    survey_files = _survey_files(manifest, None if dataset is None else Path(dataset))
    encoders = {origin.encoder for origin in manifest.known_origins} - {""}
    if embeddings is not None:
        encoders |= _encoders(manifest, Path(embeddings))
    works = works_of(manifest, survey_files, sorted(encoders))
    known = references()
    own = (software_entry(VERSION), "the index was built and is searched with it")
    return Citations(
        index=manifest.recipe.name,
        works=(own, *((known[key], reason) for key, reason in works.reasons.items())),
        acknowledgements=tuple(map(acknowledgement, works.acknowledgements)),
        notes=tuple(works.notes),
    )


def _survey_files(manifest: IndexManifest, dataset: Path | None) -> SurveyFiles:
    """The survey files of all datasets of an index: those that it records, or those of a dataset.

    Parameters
    ----------
    manifest
        Manifest of the index.
    dataset
        Directory of one of its datasets, where that has moved.
    """
    origins = [origin for origin in manifest.known_origins if origin.dataset]
    given = None if dataset is None else open_dataset(dataset)
    if given is not None and given.digest not in {origin.dataset_digest for origin in origins}:
        known = " and ".join(
            dict.fromkeys(short_digest(origin.dataset_digest) for origin in origins)
        )
        name = f"index '{manifest.recipe.name}'"
        if not known:
            raise DatasetError(f"{dataset}: {name} records no dataset that it was made from.")
        raise DatasetError(
            f"{dataset}: has sha256 {short_digest(given.digest)}; {name} was made from a dataset "
            f"of sha256 {known}."
        )
    groups: dict[str, tuple[SourceGroup, ...]] = {}
    unknown: dict[str, str] = {}
    for origin in origins:
        found = _groups_of(origin, given)
        if found:
            groups[origin.dataset_digest] = found
        else:
            unknown[origin.dataset_digest] = origin.dataset
    return SurveyFiles(
        groups=tuple(group for each in groups.values() for group in each),
        unknown_datasets=tuple(path for digest, path in unknown.items() if digest not in groups),
    )


def _groups_of(origin: OriginManifest, given: Dataset | None) -> tuple[SourceGroup, ...]:
    """Counts of the survey files of one origin; empty where they are not known."""
    if origin.sources is not None:
        return origin.sources.groups
    if given is not None and given.digest == origin.dataset_digest:
        return count_sources(read_sources(given.path))
    try:
        opened = open_dataset(origin.dataset)
        if opened.digest == origin.dataset_digest:
            return count_sources(read_sources(opened.path))
    except GalsearchError:
        pass
    return ()


def _encoders(manifest: IndexManifest, embeddings: Path) -> set[str]:
    """Names of the encoder that the embeddings of an index record."""
    stores = open_stores(embeddings).values()
    found = {store.fingerprint for store in stores}
    if found != {manifest.fingerprint}:
        raise EncoderMismatchError(
            f"{embeddings}: was made by the encoder {min(found).short}; index "
            f"'{manifest.recipe.name}' by {manifest.fingerprint.short}."
        )
    return {store.record.encoder for store in stores}


def _wrapped(text: str, mark: str) -> list[str]:
    """Lines of a text; the first begins with a mark, the others with as many blanks."""
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )
