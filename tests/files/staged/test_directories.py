"""Directories appear complete or not at all, and nothing that somebody else made is deleted."""

import subprocess
import sys
from pathlib import Path

import pytest

from galsearch.core.errors import (
    ChangedMeanwhileError,
    LockedError,
    OutputExistsError,
    UnusableOutputError,
)
from galsearch.files.staged import directories, exchange
from galsearch.files.staged.directories import (
    interrupted_exchange,
    new_directory,
    restore_interrupted,
)


def allow(_: Path) -> None:
    """Allow that any directory is replaced."""


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_directory_appears_when_its_block_ends(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with new_directory(out) as folder:
        (folder / "a.txt").write_text("1")
        assert not out.exists()
    assert names(tmp_path) == ["deep", "deep/out", "deep/out/a.txt"]


def test_a_directory_that_failed_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with new_directory(tmp_path / "deep" / "out") as folder:
            (folder / "a.txt").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_with_content_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("42")
    with pytest.raises(OutputExistsError) as caught, new_directory(out):
        pass
    assert str(caught.value) == f"{out}: exists and is not empty."
    assert names(tmp_path) == ["out", "out/thesis.tex"]


@pytest.mark.parametrize("in_one_step", [True, False])
@pytest.mark.parametrize("kind", ["directory", "empty", "file", "link"])
def test_what_appears_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, in_one_step: bool
) -> None:
    if not in_one_step:
        monkeypatch.setattr(exchange, "_system_function", lambda: None)
    out = tmp_path / "out"

    def overtaken() -> None:
        with new_directory(out, check=allow) as folder:
            (folder / "own.txt").write_text("own")
            if kind == "file":
                out.write_text("other")
            elif kind == "link":
                out.symlink_to("nowhere")
            else:
                out.mkdir()
                if kind == "directory":
                    (out / "other.txt").write_text("other")

    with pytest.raises((OutputExistsError, ChangedMeanwhileError)):
        overtaken()
    assert names(tmp_path) == (["out", "out/other.txt"] if kind == "directory" else ["out"])


@pytest.mark.parametrize("in_one_step", [True, False])
def test_a_directory_is_replaced_only_by_a_complete_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
) -> None:
    if not in_one_step:
        monkeypatch.setattr(exchange, "_system_function", lambda: None)
    out = tmp_path / "out"
    out.mkdir(mode=0o750)
    (out / "old.txt").write_text("old")
    with pytest.raises(RuntimeError), new_directory(out, check=allow):
        raise RuntimeError
    assert names(tmp_path) == ["out", "out/old.txt"]
    with new_directory(out, check=allow, lock_name="lock") as folder:
        (folder / "new.txt").write_text("new")
        with pytest.raises(LockedError), new_directory(out, check=allow):
            pass
    assert names(tmp_path) == ["out", "out/new.txt"]
    assert out.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("late", [False, True])
def test_a_directory_that_was_changed_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").write_text("old")
    real = directories.exchange

    def overtaken(new: Path, old: Path, *, aside: Path) -> None:
        if not (out / "thesis.tex").exists() and not (new / "thesis.tex").exists():
            (out / "thesis.tex").write_text("42")
        real(new, old, aside=aside)

    def replace() -> None:
        with new_directory(out, check=allow) as folder:
            (folder / "new.txt").write_text("new")
            if not late:
                (out / "thesis.tex").write_text("42")

    monkeypatch.setattr(directories, "exchange", overtaken)
    with pytest.raises(ChangedMeanwhileError) as caught:
        replace()
    assert str(caught.value) == (
        f"{out}: was changed while its replacement was being made. It was left as it is, and "
        "nothing was written."
    )
    assert names(tmp_path) == ["out", "out/old.txt", "out/thesis.tex"]


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "old").touch()
    (tmp_path / "current").symlink_to("build")
    (tmp_path / "next").symlink_to("later")
    for name in ("current", "next"):
        with new_directory(tmp_path / name, check=allow) as folder:
            (folder / "new").touch()
    assert (tmp_path / "current").readlink() == Path("build")
    assert names(tmp_path) == ["build", "build/new", "current", "later", "later/new", "next"]


def test_paths_that_cannot_be_made_are_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("missing/target")
    monkeypatch.chdir(tmp_path / "inside")
    wrong = {
        Path(): "is the current directory or holds it, and cannot be replaced",
        tmp_path: "is the current directory or holds it, and cannot be replaced",
        Path("/proc"): "is a mount point and cannot be replaced",
        tmp_path / "file" / "out": f"cannot be made, because {tmp_path / 'file'} is a file",
        tmp_path / "dangling": (
            f"is a symbolic link to {tmp_path / 'missing' / 'target'}, and there is no directory "
            f"{tmp_path / 'missing'}"
        ),
    }
    for out, reason in wrong.items():
        with pytest.raises(UnusableOutputError) as caught, new_directory(out, check=allow):
            pytest.fail("no work should begin")
        assert str(caught.value) == f"{out}: {reason}."
    assert names(tmp_path) == ["dangling", "file", "inside"]


KILLED = """
import os, sys
from pathlib import Path
from galsearch.files.staged.directories import new_directory
with new_directory(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    os.kill(os.getpid(), 9)
"""


def test_the_next_run_removes_what_a_killed_one_has_left(tmp_path: Path) -> None:
    out = tmp_path / "out"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(out)], check=False)
    assert killed.returncode == -9
    assert len(list(tmp_path.glob(".out.*.part"))) == 1
    (tmp_path / ".out.4711.part").mkdir()
    (tmp_path / ".out.b.0123456789ab.part").mkdir()
    with new_directory(out) as folder:
        (folder / "new").touch()
    assert names(tmp_path) == [".out.b.0123456789ab.part", "out", "out/new"]


def test_a_directory_that_was_put_aside_is_put_back(tmp_path: Path) -> None:
    out, aside = tmp_path / "out", tmp_path / ".out.0123456789ab.old"
    aside.mkdir()
    (aside / "old").touch()
    (tmp_path / ".out.0123456789ab.part").mkdir()
    assert interrupted_exchange(out) == aside
    restore_interrupted(out)
    assert interrupted_exchange(out) is None
    assert names(tmp_path) == ["out", "out/old"]
