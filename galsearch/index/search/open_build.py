"""Opening of an index directory, with a quick check of all its files."""

from pathlib import Path

from galsearch.core.errors import IndexChangedError
from galsearch.files.held_files import OpenDirectory
from galsearch.index.search.device import Device, check_device
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.manifest import IndexManifest
from galsearch.index.storage.read_unchanged import read_unchanged


def open_build(directory: str | Path | None = None, *, device: Device = "cpu") -> GalaxyIndex:
    """The index in `directory`, checked quickly; by default the only one in `index_builds`.

    Every file of the manifest must be there with its size and with the digest of a sample of its
    content: all of a file up to 1 MiB; of a larger one both ends and 16 blocks between. FAISS
    files are checked again, whole up to 256 MiB, just before FAISS reads them. A byte changed
    inside a larger file is found by `verify` alone.

    Where the index is changed or replaced at the same time, it is opened again, at most 100 times.

    Parameters
    ----------
    directory
        Directory of an index.
    device
        Device that proposes candidates for queries without a filter: `cpu`, `gpu` (all that FAISS
        sees) or `auto` (GPUs where there are some that can hold the lists). The lists are copied
        to it at the first query.

    Raises
    ------
    ConfigError
        Where `device` is none of these.
    NoGpuError
        Where `device` is `gpu` and FAISS sees none.
    ManifestError
        Where a file is missing, truncated, exchanged or changed; the message names it.
    IndexChangedError
        Where the index was changed or replaced each time that it was opened.
    TooManyFilesError
        Where the process may not open more files.
    EncoderMismatchError
        Where the modalities come from different encoders.
    """
    check_device(device)
    directory = find_build() if directory is None else Path(directory)

    def read(opened: OpenDirectory, manifest: IndexManifest) -> GalaxyIndex:
        for name, digest in manifest.files.items():
            digest.check(opened.path / name, whole=False, open_file=opened.open_file)
        index = GalaxyIndex(opened, manifest, device)
        index.open_again = _open_again
        return index

    return read_unchanged(directory, read)


def _open_again(directory: Path, device: Device, digest: str) -> GalaxyIndex:
    """The index that was pickled, opened again from its directory."""
    index = open_build(directory, device=device)
    if index.digest() != digest:
        raise IndexChangedError(
            f"{directory}: the index was changed or replaced after the engine was pickled; it is "
            f"now generation {index.manifest.generation} of '{index.manifest.recipe.name}', built "
            f"{index.manifest.created}.",
            directory=directory,
        )
    return index
