"""The last step of building an index: its manifest receives the digests of its files."""

import dataclasses
import datetime
import importlib.metadata
from pathlib import Path

from galsearch.core.progress import StageProgress
from galsearch.files.digest import FileDigest
from galsearch.index.storage.manifest import MANIFEST_NAME, IndexManifest
from galsearch.index.storage.manifest_json import write_manifest

_LIBRARIES = ("galsearch", "numpy", "pyarrow", "faiss-cpu", "faiss-gpu", "faiss-gpu-cuvs")


def finish_manifest(
    draft: IndexManifest, directory: Path, progress: StageProgress
) -> IndexManifest:
    """The complete manifest of a new index, after it was written to `manifest.json`.

    Parameters
    ----------
    draft
        The manifest without the digests of files.
    directory
        Directory of the index; every file in it is digested.
    progress
        Receives the number of files that were digested.
    """
    paths = sorted(path for path in directory.rglob("*") if path.is_file())
    digests: dict[str, FileDigest] = {}
    for path in paths:
        digests[path.relative_to(directory).as_posix()] = FileDigest.of(path)
        progress(len(digests), len(paths))
    manifest = dataclasses.replace(draft, files=digests)
    write_manifest(manifest, directory / MANIFEST_NAME)
    return manifest


def library_versions() -> dict[str, str]:
    """Versions, by name, of galsearch and of the libraries that determine the files of an index."""
    installed = {dist.name: dist.version for dist in importlib.metadata.distributions()}
    return {name: installed[name] for name in _LIBRARIES if name in installed}


def current_time() -> str:
    """The current time in UTC to the second, as ISO 8601 text."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
