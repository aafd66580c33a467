"""Names and paths that galsearch writes are valid on Windows, and those of Windows are understood.

The tests run anywhere: `PureWindowsPath` knows the rules of Windows.
"""

import re
import shutil
from pathlib import Path, PureWindowsPath

import pytest

from benchmarks.gpu.random_dataset import write_random_dataset
from galsearch.core.errors import ManifestError
from galsearch.dataset import schema
from galsearch.dataset.ingest.identity import file_origin
from galsearch.embeddings.store_record import shard_name
from galsearch.index import add, compact, remove
from galsearch.index.storage.manifest_json import read_manifest, write_manifest
from galsearch.sources.urls import _protocol

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.I)


def problems(path: PureWindowsPath) -> list[str]:
    """Parts of a relative path that Windows does not allow."""
    return [
        part
        for part in path.parts
        if _RESERVED.fullmatch(part) or re.search(r'[<>:"|?*\x00-\x1f]|[. ]$', part)
    ]


def test_the_rules_can_fail() -> None:
    assert problems(PureWindowsPath("a/nul.txt")) == ["nul.txt"]
    assert problems(PureWindowsPath("a/b?/c.")) == ["b?", "c."]
    assert problems(PureWindowsPath("image/part-02-000000013.parquet")) == []


def test_every_file_of_an_index_and_a_dataset_has_a_name_of_windows(
    survey_parts: Path, changing_index: Path, tmp_path: Path
) -> None:
    add(survey_parts / "second", index=changing_index)
    remove(read_ids(changing_index)[:3], index=changing_index)
    names = names_under(changing_index)
    compact(changing_index)
    names |= names_under(changing_index) | names_under(survey_parts)
    names |= names_under(write_random_dataset(tmp_path / "dataset", 3))
    assert {name: found for name in names if (found := problems(name))} == {}
    # No two names of one directory differ in case alone.
    folded = {str(name).casefold() for name in names}
    assert len(folded) == len(names)
    files = read_manifest(changing_index).files
    assert all("\\" not in name and not PureWindowsPath(name).drive for name in files)


def read_ids(index: Path) -> list[int]:
    from galsearch import open_index

    ids: list[int] = open_index(index).index.ids.tolist()
    return ids


def names_under(directory: Path) -> set[PureWindowsPath]:
    return {PureWindowsPath(path.relative_to(directory)) for path in directory.rglob("*")}


def test_partitions_and_shards_have_forward_slashes_in_their_records() -> None:
    path = schema.partition_path(2, 13)
    assert path.as_posix() == "dataset/Norder=2/Dir=0/Npix=13.parquet"
    assert problems(PureWindowsPath(path)) == problems(PureWindowsPath(shard_name(2, 13))) == []


def test_the_release_is_read_from_a_path_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_origin, "PurePath", PureWindowsPath)
    path = r"D:\survey\redux\iron\coadd-main-bright-17.fits"
    assert file_origin.release_of(path) == "iron"
    assert file_origin.observation_of(path) == "-main-bright-17.fits"
    assert file_origin.differing_folders([r"D:\a\fuji\x.fits", r"D:\a\iron\x.fits"]) == [
        "fuji",
        "iron",
    ]


@pytest.mark.parametrize("path", [r"C:\survey\a.fits", "C:/survey/a.fits", r"\\server\share\a"])
def test_a_drive_is_no_protocol_of_a_url(path: str) -> None:
    assert _protocol(path) == ""


@pytest.mark.parametrize("name", ["C:/secret.npy", r"..\secret.npy", "C:secret.npy", "//s/x/a.npy"])
def test_a_manifest_leads_nowhere_else_on_windows(
    toy_index: Path, tmp_path: Path, name: str
) -> None:
    index = Path(shutil.copytree(toy_index, tmp_path / "toy"))
    manifest = read_manifest(index)
    files = {**manifest.files, name: next(iter(manifest.files.values()))}
    object.__setattr__(manifest, "files", files)
    write_manifest(manifest, index / "manifest.json")
    with pytest.raises(ManifestError, match="leads out of the index"):
        read_manifest(index)
