"""Verification of embeddings: a check of every byte that `store.json` records."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galsearch.core.errors import GalsearchError, ShardError
from galsearch.core.modality import Modality
from galsearch.embeddings.open_embeddings import open_stores, read_embedded_catalogue
from galsearch.embeddings.store import EmbeddingStore, open_store
from galsearch.embeddings.store_record import read_record


def verify_embeddings(directory: str | Path) -> str:
    """Check every shard and the catalogue of a directory of embeddings, and return a summary.

    Shards and catalogue must have the digests that `store.json` records, and agree with each other.
    The summary says so where no digest is recorded, as in embeddings of earlier versions.

    Parameters
    ----------
    directory
        Directory that `embed_dataset` wrote.

    Raises
    ------
    ShardError
        Where something differs; the message names every file that does, also where a store cannot
        be opened.
    EncoderMismatchError
        Where different encoders made the embeddings.
    """
    directory, findings = Path(directory), _Findings()
    recorded: dict[Modality, EmbeddingStore] = {}
    for kind in Modality:
        if (directory / kind).is_dir():
            with findings.collected():
                record = read_record(directory / kind)
                if record is not None:
                    recorded[kind] = EmbeddingStore(directory / kind, record)
                    _check_shards(recorded[kind], findings)
                open_store(directory, kind)
    stores: dict[Modality, EmbeddingStore] = {}
    n_galaxies = 0
    with findings.collected():
        # Stores are compared with each other only where all of them can be opened.
        stores = recorded if findings else open_stores(directory)
        if stores:
            n_galaxies = len(read_embedded_catalogue(directory, stores))
    findings.raise_all(directory)
    counts = ", ".join(f"{len(store)} {kind} embeddings" for kind, store in stores.items())
    missing = [f"{kind}/store.json" for kind, store in stores.items() if not store.record.digests]
    note = f" No digest recorded in {' and '.join(missing)}." if missing else ""
    return f"{directory}: {counts}, {n_galaxies} galaxies; every file is as it was written.{note}"


class _Findings:
    """The errors that a verification has met, one for each file."""

    def __init__(self) -> None:
        self._errors: dict[str, GalsearchError] = {}

    def __bool__(self) -> bool:
        return bool(self._errors)

    @contextmanager
    def collected(self) -> Iterator[None]:
        """A context manager that records an error of galsearch instead of raising it.

        The message of an error begins with the name of a file, for which the first one counts.
        """
        try:
            yield
        except GalsearchError as error:
            self._errors.setdefault(str(error).split(": ")[0], error)

    def raise_all(self, directory: Path) -> None:
        """Raise the only error, or one that lists all of them."""
        errors = list(self._errors.values())
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ShardError(
                "\n".join([f"{directory}: {len(errors)} bad files.", *map(str, errors)])
            )


def _check_shards(store: EmbeddingStore, findings: _Findings) -> None:
    for name in store.record.shards:
        with findings.collected():
            store.read_named(name)
