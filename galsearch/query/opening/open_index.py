"""Opening of an index: a directory that galsearch built, or a vector database that it exported."""

from pathlib import Path

from galsearch.index.search.device import Device
from galsearch.index.search.open_build import open_build
from galsearch.query.engine import SearchEngine


def open_index(directory: str | Path | None = None, *, device: Device = "cpu") -> SearchEngine:
    """A search engine over the index in `directory`; by default the only one in `index_builds`.

    Opening checks every file's presence and size, and a sample of its content; see
    `galsearch.index.open_build`. Neither torch nor Parquet is loaded.

    Parameters
    ----------
    directory
        Directory of an index. Or the address of a vector database that `export_database` wrote:
        `lance://DIRECTORY`, `qdrant://DIRECTORY`, `milvus://DIRECTORY`, `qdrant+http://HOST:6333`
        or `milvus+http://HOST:19530`, with `#NAME` where its tables have another name than
        galaxies. Such an engine answers queries by TARGETID or vector with `using`, `among`, `k`,
        `offset`, `min_similarity`, `where` and `ids`, and refuses what needs an index.
    device
        `gpu` or `auto`: candidates come from inverted lists on every GPU that FAISS sees,
        whatever device the index was built on. That is worth it for thousands of queries in one
        call.

    Raises
    ------
    NoGpuError
        Where `device` is `gpu` and FAISS sees no GPU.
    ManifestError
        Where there is no index, several to choose from, or a file disagrees with the manifest.
    EncoderMismatchError
        Where the modalities of the index come from different encoders.
    DatabaseError
        Where the database is not there, or does not hold all that was exported.
    MissingExtraError
        Where the Python package of the database is not installed.
    """
    if isinstance(directory, str) and "://" in directory:
        # Imported here: a query of an index needs no part of it.
        from galsearch.databases.database_protocol import parse_address
        from galsearch.query.opening.database_engine import DatabaseEngine

        address = parse_address(directory)
        if address is not None:
            return DatabaseEngine(address)
    return SearchEngine(open_build(directory, device=device))
