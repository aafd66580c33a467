"""A finished manifest lists every file of the index with its digest."""

import dataclasses
import datetime
import hashlib
from importlib.metadata import version
from pathlib import Path

from galsearch.index.storage.finish_manifest import (
    current_time,
    finish_manifest,
    library_versions,
)
from galsearch.index.storage.manifest_json import read_manifest


def test_every_file_is_listed_with_its_digest(toy_index: Path, tmp_path: Path) -> None:
    draft = dataclasses.replace(read_manifest(toy_index), files={})
    contents = {name: name.encode() for name in read_manifest(toy_index).files}
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    reports: list[tuple[int, int]] = []
    manifest = finish_manifest(draft, tmp_path, lambda *report: reports.append(report))
    assert {name: (digest.n_bytes, digest.sha256) for name, digest in manifest.files.items()} == {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    }
    assert reports == [(n + 1, len(contents)) for n in range(len(contents))]
    assert read_manifest(tmp_path) == manifest
    assert dataclasses.replace(manifest, files={}) == draft


def test_versions_are_those_of_the_installed_packages() -> None:
    versions = library_versions()
    assert versions["numpy"] == version("numpy")
    assert {"galsearch", "pyarrow"} < set(versions)
    assert any(name.startswith("faiss-") for name in versions)


def test_the_time_is_utc_to_the_second() -> None:
    time = datetime.datetime.fromisoformat(current_time())
    assert time.utcoffset() == datetime.timedelta(0)
    assert time.microsecond == 0
    assert abs(datetime.datetime.now(datetime.UTC) - time) < datetime.timedelta(minutes=1)
