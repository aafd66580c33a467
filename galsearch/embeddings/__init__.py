"""Embeddings on disk: Parquet shards of unit vectors, each row with its TARGETID.

The names below are resolved when first used: reading a store loads no encoder.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from galsearch.embeddings.embed import EmbedReport, embed_dataset
    from galsearch.embeddings.shard import EmbeddingShard, read_shard, write_shard
    from galsearch.embeddings.store import EmbeddingStore, open_store

_HOMES = {
    "EmbedReport": "embed",
    "embed_dataset": "embed",
    "EmbeddingShard": "shard",
    "read_shard": "shard",
    "write_shard": "shard",
    "EmbeddingStore": "store",
    "open_store": "store",
}

__all__ = [
    "EmbedReport",
    "EmbeddingShard",
    "EmbeddingStore",
    "embed_dataset",
    "open_store",
    "read_shard",
    "write_shard",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"galsearch.embeddings.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'galsearch.embeddings' has no attribute {name!r}")
