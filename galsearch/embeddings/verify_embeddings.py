"""Verification of embeddings: a check of every byte that `store.json` records."""

from pathlib import Path

from galsearch.core.errors import GalsearchError, ShardError
from galsearch.embeddings.open_embeddings import open_stores, read_embedded_catalogue
from galsearch.embeddings.store import EmbeddingStore


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
        Where something differs; the message names every file that does.
    EncoderMismatchError
        Where different encoders made the embeddings.
    """
    directory = Path(directory)
    stores = open_stores(directory)
    problems = [problem for store in stores.values() for problem in _problems_of(store)]
    try:
        table = read_embedded_catalogue(directory, stores)
    except GalsearchError as error:
        # The positions of a damaged shard are compared too; it is named once.
        if not any(problem.split(": ")[0] == str(error).split(": ")[0] for problem in problems):
            problems.append(str(error))
    if len(problems) == 1:
        raise ShardError(problems[0])
    if problems:
        raise ShardError("\n".join([f"{directory}: {len(problems)} bad files.", *problems]))
    counts = ", ".join(f"{len(store)} {kind} embeddings" for kind, store in stores.items())
    missing = [f"{kind}/store.json" for kind, store in stores.items() if not store.record.digests]
    note = f" No digest recorded in {' and '.join(missing)}." if missing else ""
    return f"{directory}: {counts}, {len(table)} galaxies; every file is as it was written.{note}"


def _problems_of(store: EmbeddingStore) -> list[str]:
    problems = []
    for name in store.record.shards:
        try:
            store.read_named(name)
        except ShardError as error:
            problems.append(str(error))
    return problems
