"""An index is changed from the command line: add, remove, compact."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from galsearch.index import IndexRecipe, build_index


def test_galaxies_are_added_and_removed(
    make_sky: Callable[..., Any], galsearch_command: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(60)
    first, second = (
        type(sky)(*(a[rows] for a in (sky.ids, sky.image, sky.spectrum)))
        for rows in (slice(0, 40), slice(40, 60))
    )
    first.write(tmp_path / "first")
    second.write(tmp_path / "second")
    build_index(IndexRecipe(), embeddings=tmp_path / "first", out=tmp_path / "index_builds" / "toy")
    done = galsearch_command("add", "second", cwd=tmp_path)
    assert done.stdout.startswith("index 'default': 60 galaxies\n")
    done = galsearch_command("remove", str(sky.ids[0]), str(sky.ids[50]), cwd=tmp_path)
    assert done.stdout.startswith("index 'default': 58 galaxies\n")
    query = ("query", "--target-id", str(sky.ids[1]), "-k", "99", "--format", "csv")
    before = galsearch_command(*query, cwd=tmp_path).stdout
    assert len(before.splitlines()) == 58
    done = galsearch_command("compact", "index_builds/toy", cwd=tmp_path)
    assert "recall@10" in done.stdout
    assert galsearch_command(*query, cwd=tmp_path).stdout == before
    done = galsearch_command("remove", "5", cwd=tmp_path, status=1)
    assert done.stderr == (
        "galsearch: 1 of 1 TARGETIDs are not in index 'default', first 5; nothing was removed.\n"
        "Use a TARGETID of this index, or name the embeddings that hold the galaxy: "
        "--from-embeddings DIRECTORY.\n"
    )
    assert galsearch_command("verify", "index_builds/toy", cwd=tmp_path).stdout.startswith("index")
