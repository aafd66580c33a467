"""Reading and writing `manifest.json`, with a digest that shows whether it was edited."""

import json
from pathlib import Path
from typing import Any

from galsearch.core.errors import ManifestError, NoIndexError
from galsearch.core.fingerprint import Fingerprint, require_same_encoder
from galsearch.core.modality import Modality
from galsearch.files.atomic import write_text
from galsearch.files.digest import FileDigest, sha256_of_text
from galsearch.files.held_files import OpenFile, open_binary
from galsearch.files.json_input import parse_json
from galsearch.files.staged.directories import interrupted_exchange
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.storage.check_manifest import check_manifest
from galsearch.index.storage.manifest import (
    MANIFEST_NAME,
    DirectionManifest,
    IndexManifest,
    ModalityManifest,
    OutsideManifest,
    QueryAwareManifest,
    RareManifest,
    SegmentManifest,
)
from galsearch.index.storage.map_manifest import MapManifest
from galsearch.index.storage.origin_manifest import OriginManifest

FORMAT_VERSION = 6
"""Version of the format of an index, which other versions of galsearch may not read.

1: inverted lists hold TARGETIDs. 2: they hold rows of the stored vectors. 3: vectors are rotated
and shortened before they enter the lists. 4: rows of the int8 store have length one, a quarter of
their axes in 16 bits. 5: a modality may have query-aware lists. 6: vectors that a code cannot hold
are listed, and original vectors may be kept beside rounded ones.
"""
_READ_VERSIONS = (5, FORMAT_VERSION)
"""Versions of the format that can be read; older ones lack values that have defaults now."""


def write_manifest(manifest: IndexManifest, path: Path, *, durable: bool = False) -> None:
    """Write a manifest to a JSON file atomically, with a digest of its own content.

    Every number in it is finite, because JSON has no NaN; the reader refuses any other.

    Parameters
    ----------
    durable
        Wait until the file is on the disk, so that it survives a power failure.
    """
    table = {"format_version": FORMAT_VERSION, **manifest.as_table()}
    table["digest"] = _digest(table)
    write_text(path, json.dumps(table, indent=1, allow_nan=False) + "\n", durable=durable)


def no_index_error(directory: Path) -> NoIndexError:
    """The error for a directory without an index, which names an old index that was put aside."""
    aside = interrupted_exchange(directory)
    put_aside = (
        f" Its replacement was interrupted: the index that was here is in {aside}, and the "
        "next build or change puts it back."
    )
    return NoIndexError(
        f"{directory}: is not an index, it has no {MANIFEST_NAME}."
        f"{put_aside if aside is not None else ''}",
        directory=directory,
    )


def read_manifest(directory: Path, *, open_file: OpenFile = open_binary) -> IndexManifest:
    """The manifest of the index in `directory`, whose files `open_file` opens.

    Raises
    ------
    NoIndexError
        Where the directory holds no index.
    ManifestError
        Where the file is not as galsearch wrote it, or has another format version.
    EncoderMismatchError
        Where the modalities come from different encoders.
    """
    path = directory / MANIFEST_NAME
    try:
        with open_file(path) as file:
            content = file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise no_index_error(directory) from None
    table = parse_json(content, f"{path}", ManifestError)
    if not isinstance(table, dict) or table.get("format_version") not in _READ_VERSIONS:
        version = table.get("format_version") if isinstance(table, dict) else None
        raise ManifestError(
            f"{path}: has format version {version}; this galsearch reads "
            f"{' and '.join(map(str, _READ_VERSIONS))}.",
            path=path,
            version=version,
        )
    if table.pop("digest", None) != _digest(table):
        raise ManifestError(f"{path}: was changed after galsearch wrote it.", path=path)
    try:
        manifest = _from_table(table)
        check_manifest(manifest)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ManifestError(f"{path}: is not a manifest ({error!r}).", path=path) from None
    if not manifest.modalities:
        raise ManifestError(f"{path}: no modality has vectors.", path=path)
    require_same_encoder(
        {
            f"{kind} index of {directory}": entry.fingerprint
            for kind, entry in manifest.modalities.items()
        }
    )
    return manifest


def _digest(table: dict[str, Any]) -> str:
    return sha256_of_text(json.dumps(table, sort_keys=True, separators=(",", ":")))


def _from_table(table: dict[str, Any]) -> IndexManifest:
    """The manifest that a dictionary with the content of `manifest.json` describes."""
    modalities = {
        Modality(kind): _modality_from_table(entry) for kind, entry in table["modalities"].items()
    }
    return IndexManifest(
        recipe=IndexRecipe(**table["recipe"]),
        n_galaxies=table["n_galaxies"],
        modalities=modalities,
        directions=tuple(_direction_from_table(entry) for entry in table["directions"]),
        files={name: FileDigest(**entry) for name, entry in table["files"].items()},
        versions=table["versions"],
        seconds=table["seconds"],
        created=table["created"],
        dataset=table["dataset"],
        dataset_digest=table["dataset_digest"],
        segments=tuple(_segment_from_table(entry) for entry in table["segments"]),
        generation=table["generation"],
        n_changed=table["n_changed"],
        maps={
            Modality(kind): MapManifest(**entry) for kind, entry in table.get("maps", {}).items()
        },
        origins=tuple(map(OriginManifest.from_table, table.get("origins", ()))),
    )


def _modality_from_table(entry: dict[str, Any]) -> ModalityManifest:
    fields = dict(entry)
    query_aware = fields.pop("cross")
    if query_aware is not None:
        plan = IndexPlan(**query_aware["plan"])
        query_aware = QueryAwareManifest(plan, query_aware["quantiser"])
    fields["plan"] = IndexPlan(**fields["plan"])
    fields["fingerprint"] = Fingerprint(fields["fingerprint"])
    if fields.get("outside") is not None:
        fields["outside"] = OutsideManifest(**fields["outside"])
    return ModalityManifest(**fields, query_aware=query_aware)


def _direction_from_table(entry: dict[str, Any]) -> DirectionManifest:
    pair = {"using": Modality(entry["using"]), "among": Modality(entry["among"])}
    rare = entry.get("rare")
    rare = None if rare is None else RareManifest(**rare)
    return DirectionManifest(**{**entry, **pair, "rare": rare})


def _segment_from_table(entry: dict[str, Any]) -> SegmentManifest:
    n_vectors = {Modality(kind): n for kind, n in entry["n_vectors"].items()}
    return SegmentManifest(**{**entry, "n_vectors": n_vectors})
