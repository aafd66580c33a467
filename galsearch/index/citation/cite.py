"""Acknowledgements and BibTeX of what an index rests on, from its manifest and its dataset."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

from galsearch.core.errors import DatasetError, EncoderMismatchError, GalsearchError
from galsearch.core.fingerprint import short_digest
from galsearch.core.version import VERSION
from galsearch.dataset.reader import open_dataset
from galsearch.dataset.source_record import SourceRecord, read_sources
from galsearch.embeddings.open_embeddings import open_stores
from galsearch.index.citation.bibliography import (
    Reference,
    acknowledgement,
    references,
    software_entry,
)
from galsearch.index.citation.works import works_of
from galsearch.index.search.open_build import open_build
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.manifest import IndexManifest

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

    The survey files and their releases are those that the dataset of the index records, the
    software that of its manifest.

    Parameters
    ----------
    index
        Directory of the index; default: the only one under `index_builds`.
    dataset
        Directory of its dataset, where that has moved.
    embeddings
        Directory of its embeddings, which records the name of the encoder. An index of imported
        embeddings needs it, since it knows the encoder by fingerprint alone.

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
    sources = _sources(manifest, None if dataset is None else Path(dataset))
    encoders = [] if embeddings is None else _encoders(manifest, Path(embeddings))
    works = works_of(manifest, sources, encoders)
    known = references()
    own = (software_entry(VERSION), "the index was built and is searched with it")
    return Citations(
        index=manifest.recipe.name,
        works=(own, *((known[key], reason) for key, reason in works.reasons.items())),
        acknowledgements=tuple(map(acknowledgement, works.acknowledgements)),
        notes=tuple(works.notes),
    )


def _sources(manifest: IndexManifest, dataset: Path | None) -> list[SourceRecord] | None:
    """The survey files of the dataset; None where these are not known."""
    if dataset is None and not manifest.dataset:
        return None
    try:
        opened = open_dataset(dataset or manifest.dataset)
        if opened.digest == manifest.dataset_digest:
            return read_sources(opened.path)
    except GalsearchError:
        if dataset is not None:
            raise
        return None
    if dataset is None:
        return None
    raise DatasetError(
        f"{dataset}: has sha256 {short_digest(opened.digest)}; index '{manifest.recipe.name}' was "
        f"made from a dataset of sha256 {short_digest(manifest.dataset_digest)}."
    )


def _encoders(manifest: IndexManifest, embeddings: Path) -> list[str]:
    """Names of the encoder that the embeddings of an index record."""
    stores = open_stores(embeddings).values()
    found = {store.fingerprint for store in stores}
    if found != {manifest.fingerprint}:
        raise EncoderMismatchError(
            f"{embeddings}: was made by the encoder {min(found).short}; index "
            f"'{manifest.recipe.name}' by {manifest.fingerprint.short}."
        )
    return sorted({store.record.encoder for store in stores})


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
