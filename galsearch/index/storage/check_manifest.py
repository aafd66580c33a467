"""Checks of the values in a manifest: their types, their ranges, and the paths of files."""

import dataclasses
import functools
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from galsearch.index.plan.index_recipe import MAX_RERANK
from galsearch.index.storage.manifest import (
    INVERTED_LISTS_NAME,
    QUERY_AWARE_LISTS_NAME,
    DirectionManifest,
    IndexManifest,
)
from galsearch.index.vectors.array_files import (
    CATALOGUE_RECORDS_NAME,
    CATALOGUE_TABLE_NAME,
    COMMON_AXES_NAME,
    IDS_NAME,
    OUTSIDE_ROWS_NAME,
    VECTORS_NAME,
)
from galsearch.index.vectors.codec import STORES

_MAX_COUNT = 2**63 - 1
_MAX_FLOAT = 3.4e38
"""Limit of numbers that are compared with float32 values; NaN is beyond it."""


def check_manifest(manifest: IndexManifest) -> None:
    """Check that every value of a manifest has its type, and that no path leaves the index.

    Raises
    ------
    ValueError
        Where a value has another type or is out of range; the message names the value.
    """
    _check(manifest, IndexManifest, "manifest")
    paths = [*manifest.files]
    for number, segment in enumerate(manifest.segments):
        paths += [segment.path, *([] if segment.removed is None else [segment.removed])]
        if segment.removed is not None and segment.removed not in manifest.files:
            raise ValueError(f"segments[{number}].removed is not among the files")
        if not set(segment.n_vectors) <= set(manifest.modalities):
            raise ValueError(f"segments[{number}].n_vectors names a modality without vectors")
    paths += [drawn.path for drawn in manifest.maps.values()]
    for path in paths:
        _check_path(path)
    if not manifest.segments:
        raise ValueError("segments is empty")
    for name in _required_files(manifest):
        if name not in manifest.files:
            raise ValueError(f"{name} is not among the files")
    for kind, entry in manifest.modalities.items():
        if kind not in manifest.segments[0].n_vectors:
            raise ValueError(f"segments[0] has no {kind} vectors")
        if entry.plan.dim < 1 or (entry.plan.kind != "flat" and entry.plan.n_lists < 1):
            raise ValueError(f"modalities.{kind}.plan has no dimensions or no lists")
        if entry.plan.store not in STORES:
            raise ValueError(f"modalities.{kind}.plan.store is {entry.plan.store!r}")
    for kind, drawn in manifest.maps.items():
        if drawn.path not in manifest.files:
            raise ValueError(f"maps.{kind}.path is not among the files")
        if kind not in manifest.modalities:
            raise ValueError(f"maps names {kind}, which has no vectors")
    for number, direction in enumerate(manifest.directions):
        _check_settings(direction, manifest, f"directions[{number}]")


def _check_settings(direction: DirectionManifest, manifest: IndexManifest, name: str) -> None:
    """Check the settings of a direction of search, which only a flat index does not need."""
    searched = manifest.modalities.get(direction.among)
    if searched is None or direction.using not in manifest.modalities:
        raise ValueError(f"{name} names a modality without vectors")
    has_lists = searched.plan.kind != "flat"
    if has_lists and (direction.n_probe < 1 or not 1 <= direction.rerank <= MAX_RERANK):
        raise ValueError(
            f"{name} has n_probe = {direction.n_probe} and rerank = {direction.rerank}"
        )


def _required_files(manifest: IndexManifest) -> Iterator[str]:
    """The paths of the files that a search reads, relative to the index."""
    for segment in manifest.segments:
        for name in (IDS_NAME, CATALOGUE_RECORDS_NAME, CATALOGUE_TABLE_NAME):
            yield PurePosixPath(segment.path, name).as_posix()
        for kind in segment.n_vectors:
            entry = manifest.modalities[kind]
            names = [IDS_NAME, VECTORS_NAME]
            names += [] if entry.plan.kind == "flat" else [INVERTED_LISTS_NAME]
            names += [] if entry.query_aware is None else [QUERY_AWARE_LISTS_NAME]
            names += [] if entry.outside is None else [COMMON_AXES_NAME, OUTSIDE_ROWS_NAME]
            for name in names:
                yield PurePosixPath(segment.path, kind, name).as_posix()


def _check_path(text: str) -> None:
    """Check that a path is relative to the index and stays within it."""
    path = PurePosixPath(text)
    is_elsewhere = path.is_absolute() or PureWindowsPath(text).drive or ".." in path.parts
    if is_elsewhere or "\\" in text or "\0" in text:
        raise ValueError(f"the path {text!r} leads out of the index")


def _check(value: Any, hint: Any, name: str) -> None:
    """Check that a value has the type of an annotation; `name` is where it is in the manifest."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is not None:
            _check(value, next(each for each in arguments if each is not types.NoneType), name)
    elif origin is typing.Literal:
        if value not in arguments:
            raise ValueError(f"{name} is {value!r}, not one of {list(arguments)}")
    elif dataclasses.is_dataclass(hint):
        kind_of_value: Any = hint
        for key, kind in _types_of_fields(kind_of_value).items():
            _check(getattr(value, key), kind, f"{name}.{key}")
    elif origin is dict:
        _check_type(value, Mapping, name)
        for key, each in value.items():
            _check(each, arguments[1], f"{name}.{key}")
    elif origin is tuple:
        for number, each in enumerate(value):
            _check(each, arguments[0], f"{name}[{number}]")
    elif hint is float:
        _check_type(value, (int, float), name)
        if not abs(value) <= _MAX_FLOAT:
            raise ValueError(f"{name} is {value}")
    else:
        _check_type(value, hint, name)
        if hint is int and not -1 <= value <= _MAX_COUNT:
            raise ValueError(f"{name} is {value}")


@functools.cache
def _types_of_fields(kind: Any) -> dict[str, Any]:
    """The annotation of each field of a dataclass; half of the time of a check without a cache."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _check_type(value: Any, kind: Any, name: str) -> None:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{name} is {type(value).__name__}")
