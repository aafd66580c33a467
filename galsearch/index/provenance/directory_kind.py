"""The kind of a directory that galsearch wrote: an index, embeddings or a dataset."""

from enum import StrEnum
from pathlib import Path

from galsearch.dataset import schema
from galsearch.index.storage.manifest import MANIFEST_NAME


class DirectoryKind(StrEnum):
    """Kinds of directories that galsearch writes and verifies."""

    INDEX = "index"
    EMBEDDINGS = "embeddings"
    DATASET = "dataset"


def directory_kind(directory: Path) -> DirectoryKind:
    """The kind of a directory by the names of its files; an index where nothing is known.

    Examples
    --------
    >>> directory_kind(Path("nothing"))
    <DirectoryKind.INDEX: 'index'>
    """
    if (directory / MANIFEST_NAME).exists():
        return DirectoryKind.INDEX
    names = (schema.PROPERTIES_FILE, schema.PARTITION_INFO_FILE, schema.DIGESTS_FILE)
    if any((directory / name).exists() for name in names):
        return DirectoryKind.DATASET
    if any(directory.glob("*/store.json")) or any(directory.glob("*/part-*.parquet")):
        return DirectoryKind.EMBEDDINGS
    return DirectoryKind.INDEX
