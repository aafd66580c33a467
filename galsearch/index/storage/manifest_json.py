"""`manifest.json`: written with a digest of itself, read with every promise checked."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from galsearch.core.errors import EncoderMismatchError, ManifestError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.files.digest import FileDigest
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.storage.manifest import (
    MANIFEST_NAME,
    CrossManifest,
    DirectionManifest,
    IndexManifest,
    ModalityManifest,
    SegmentManifest,
)

FORMAT_VERSION = 5
"""5: a modality may have cross lists; 4: compact rows have length one, a quarter of their axes in
16 bits; 3: vectors are turned and shortened before inverted lists hold them; 2: lists hold rows of
the stored vectors; in 1 they held TARGETIDs."""


def write_manifest(manifest: IndexManifest, path: Path) -> None:
    """The manifest as JSON at `path`, with a digest of its own content."""
    table = {"format_version": FORMAT_VERSION, **dataclasses.asdict(manifest)}
    table["digest"] = _digest(table)
    text = json.dumps(table, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")


def read_manifest(directory: Path) -> IndexManifest:
    """The manifest of the build in `directory`.

    Raises
    ------
    ManifestError
        Where there is none, or it is not what the build wrote.
    EncoderMismatchError
        Where its modalities come from different encoders.
    """
    path = directory / MANIFEST_NAME
    again = "Restore the file, or build the index again with galsearch build-index."
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ManifestError(
            f"{directory}: not an index, there is no {MANIFEST_NAME}. Build one with "
            "galsearch build-index RECIPE --embeddings DIR --out DIR."
        ) from None
    except ValueError as error:
        raise ManifestError(f"{path}: not JSON ({error}). {again}") from None
    if not isinstance(table, dict) or table.get("format_version") != FORMAT_VERSION:
        version = table.get("format_version") if isinstance(table, dict) else None
        raise ManifestError(
            f"{path}: format version {version}, this galsearch reads {FORMAT_VERSION}. {again}"
        )
    if table.pop("digest", None) != _digest(table):
        raise ManifestError(f"{path}: changed since the build wrote it. {again}")
    try:
        manifest = _from_table(table)
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"{path}: not a manifest ({error!r}). {again}") from None
    _one_encoder(manifest, path)
    return manifest


def _one_encoder(manifest: IndexManifest, path: Path) -> None:
    found = {kind: entry.fingerprint for kind, entry in manifest.modalities.items()}
    if not found:
        raise ManifestError(f"{path}: no modality has vectors.")
    if len(set(found.values())) > 1:
        raise EncoderMismatchError(
            f"{path}: "
            + " and ".join(f"{kind} vectors of encoder {f[:16]}" for kind, f in found.items())
            + ". Similarities between different encoders have no meaning; embed both again with "
            "one encoder and build the index again."
        )


def _digest(table: dict[str, Any]) -> str:
    text = json.dumps(table, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _modality_from(entry: dict[str, Any]) -> ModalityManifest:
    cross = entry["cross"]
    if cross is not None:
        cross = CrossManifest(IndexPlan(**cross["plan"]), cross["quantiser"])
    return ModalityManifest(
        **{
            **entry,
            "plan": IndexPlan(**entry["plan"]),
            "fingerprint": Fingerprint(entry["fingerprint"]),
            "cross": cross,
        }
    )


def _from_table(table: dict[str, Any]) -> IndexManifest:
    modalities = {
        Modality(kind): _modality_from(entry) for kind, entry in table["modalities"].items()
    }
    directions = tuple(
        DirectionManifest(
            **{**entry, "using": Modality(entry["using"]), "among": Modality(entry["among"])}
        )
        for entry in table["directions"]
    )
    return IndexManifest(
        recipe=IndexRecipe(**table["recipe"]),
        n_galaxies=table["n_galaxies"],
        modalities=modalities,
        directions=directions,
        files={name: FileDigest(**entry) for name, entry in table["files"].items()},
        versions=table["versions"],
        seconds=table["seconds"],
        created=table["created"],
        dataset=table["dataset"],
        dataset_digest=table["dataset_digest"],
        segments=tuple(
            SegmentManifest(
                **{
                    **entry,
                    "n_vectors": {Modality(kind): n for kind, n in entry["n_vectors"].items()},
                }
            )
            for entry in table["segments"]
        ),
        generation=table["generation"],
        n_changed=table["n_changed"],
    )
