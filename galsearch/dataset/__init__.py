"""Paired galaxies on disk: a HATS-shaped Parquet catalogue with images and spectra.

The names below are resolved when first used: reading a dataset loads neither astropy nor the
readers of survey files.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from galsearch.dataset.batch import GalaxyBatch
    from galsearch.dataset.ingestion import ingest
    from galsearch.dataset.reader import Dataset, Partition, open_dataset
    from galsearch.dataset.recipe import IngestRecipe, read_recipe
    from galsearch.dataset.report import IngestReport
    from galsearch.dataset.splits import SPLITS, split_of

_HOMES = {
    "GalaxyBatch": "batch",
    "ingest": "ingestion",
    "Dataset": "reader",
    "Partition": "reader",
    "open_dataset": "reader",
    "IngestRecipe": "recipe",
    "read_recipe": "recipe",
    "IngestReport": "report",
    "SPLITS": "splits",
    "split_of": "splits",
}

__all__ = [
    "SPLITS",
    "Dataset",
    "GalaxyBatch",
    "IngestRecipe",
    "IngestReport",
    "Partition",
    "ingest",
    "open_dataset",
    "read_recipe",
    "split_of",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"galsearch.dataset.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'galsearch.dataset' has no attribute {name!r}")
