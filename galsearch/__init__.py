"""Cross-modal similarity search for galaxies: images and spectra in one space.

The names below are the public door. They are resolved when first used, so that
`import galsearch` loads neither torch nor faiss.
"""

import importlib
from typing import TYPE_CHECKING, Any

from galsearch.core.version import VERSION

if TYPE_CHECKING:
    from galsearch import encoders
    from galsearch.core.errors import GalsearchError
    from galsearch.core.modality import DIRECTIONS, Modality
    from galsearch.core.target_id import TargetId
    from galsearch.dataset import ingest, open_dataset, split_of
    from galsearch.demo import run_demo
    from galsearch.embeddings import embed_dataset, open_store
    from galsearch.gallery import write_gallery
    from galsearch.index import IndexRecipe, add, build_index, compact, merge, remove, verify
    from galsearch.query import Neighbours, open_index
    from galsearch.simulate import simulate_survey

__version__ = VERSION

_HOMES = {
    "GalsearchError": "galsearch.core.errors",
    "DIRECTIONS": "galsearch.core.modality",
    "Modality": "galsearch.core.modality",
    "TargetId": "galsearch.core.target_id",
    "simulate_survey": "galsearch.simulate",
    "ingest": "galsearch.dataset",
    "open_dataset": "galsearch.dataset",
    "split_of": "galsearch.dataset",
    "embed_dataset": "galsearch.embeddings",
    "open_store": "galsearch.embeddings",
    "IndexRecipe": "galsearch.index",
    "add": "galsearch.index",
    "build_index": "galsearch.index",
    "compact": "galsearch.index",
    "merge": "galsearch.index",
    "remove": "galsearch.index",
    "verify": "galsearch.index",
    "Neighbours": "galsearch.query",
    "open_index": "galsearch.query",
    "write_gallery": "galsearch.gallery",
    "run_demo": "galsearch.demo",
}

__all__ = [
    "DIRECTIONS",
    "GalsearchError",
    "IndexRecipe",
    "Modality",
    "Neighbours",
    "TargetId",
    "add",
    "build_index",
    "compact",
    "embed_dataset",
    "encoders",
    "ingest",
    "merge",
    "open_dataset",
    "open_index",
    "open_store",
    "remove",
    "run_demo",
    "simulate_survey",
    "split_of",
    "verify",
    "write_gallery",
]


def __getattr__(name: str) -> Any:
    if name == "encoders":
        return importlib.import_module("galsearch.encoders")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'galsearch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
