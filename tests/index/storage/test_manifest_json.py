"""Manifests that are read back, edited, of another version or not manifests at all."""

import json
from pathlib import Path

import pytest

from galsearch.core.errors import (
    EncoderMismatchError,
)
from galsearch.index import open_build
from galsearch.index.storage.manifest import MANIFEST_NAME
from galsearch.index.storage.manifest_json import read_manifest
from tests.index.tampering import change_manifest, message_of_open_and_verify
from tests.index.toy_index import TOY_RECIPE


def test_a_manifest_is_read_as_it_was_written(toy_index: Path) -> None:
    manifest = read_manifest(toy_index)
    assert manifest.recipe == TOY_RECIPE
    assert json.loads(json.dumps(manifest.as_table())) == manifest.as_table()


def test_an_edited_manifest_is_found(toy_copy: Path) -> None:
    path = toy_copy / MANIFEST_NAME
    path.write_text(path.read_text().replace('"recall_target": 0.95', '"recall_target": 0.99'))
    assert message_of_open_and_verify(toy_copy) == f"{path}: was changed after galsearch wrote it."


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"format_version": 1}', b'{"format_version": NaN}']
)
def test_an_invalid_manifest_is_refused(toy_copy: Path, content: bytes) -> None:
    (toy_copy / MANIFEST_NAME).write_bytes(content)
    assert message_of_open_and_verify(toy_copy).startswith(f"{toy_copy / MANIFEST_NAME}: ")


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_manifest_of_another_version_is_refused(toy_copy: Path, version: int) -> None:
    change_manifest(toy_copy, lambda table: table.update(format_version=version))
    path = toy_copy / MANIFEST_NAME
    assert (
        message_of_open_and_verify(toy_copy)
        == f"{path}: has format version {version}; this galsearch reads 5 and 6."
    )


def test_a_directory_without_a_manifest_is_no_index(tmp_path: Path) -> None:
    assert (
        message_of_open_and_verify(tmp_path)
        == f"{tmp_path}: is not an index, it has no manifest.json."
    )


def test_modalities_of_two_encoders_are_refused(toy_copy: Path) -> None:
    change_manifest(
        toy_copy, lambda table: table["modalities"]["image"].update(fingerprint="b" * 64)
    )
    with pytest.raises(EncoderMismatchError) as caught:
        open_build(toy_copy)
    assert str(caught.value) == (
        f"image index of {toy_copy} has embeddings of encoder bbbbbbbbbbbbbbbb, spectrum index of "
        f"{toy_copy} of encoder aaaaaaaaaaaaaaaa. Similarities between embeddings of different "
        "encoders have no meaning."
    )
