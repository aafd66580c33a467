"""The index: FAISS proposes, stored vectors decide, a manifest promises.

The names below are resolved when first used: asking an index needs no part of building one.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from galsearch.index.build import build_index
    from galsearch.index.builds import find_build
    from galsearch.index.compaction import compact
    from galsearch.index.growth import add
    from galsearch.index.manifest import IndexManifest
    from galsearch.index.merging import merge
    from galsearch.index.recipe import IndexRecipe
    from galsearch.index.removal import remove
    from galsearch.index.report import engine_report
    from galsearch.index.search import GalaxyIndex, open_build
    from galsearch.index.verification import verify

_HOMES = {
    "GalaxyIndex": "search",
    "IndexManifest": "manifest",
    "IndexRecipe": "recipe",
    "add": "growth",
    "build_index": "build",
    "compact": "compaction",
    "engine_report": "report",
    "find_build": "builds",
    "merge": "merging",
    "open_build": "search",
    "remove": "removal",
    "verify": "verification",
}

__all__ = [
    "GalaxyIndex",
    "IndexManifest",
    "IndexRecipe",
    "add",
    "build_index",
    "compact",
    "engine_report",
    "find_build",
    "merge",
    "open_build",
    "remove",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"galsearch.index.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'galsearch.index' has no attribute {name!r}")
