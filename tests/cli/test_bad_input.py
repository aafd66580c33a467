"""Bad input on the command line: one clear message, exit status 1, nothing half-written."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

import galsearch
from galsearch.cli.remedies import REMEDIES

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def refused(galsearch_command: Command, tmp_path: Path) -> Callable[..., str]:
    """Runs a command that must fail, and gives its message; it must leave nothing new behind."""

    def run(*arguments: str | Path, cwd: Path = tmp_path) -> str:
        before = sorted(cwd.rglob("*"))
        done = galsearch_command(*arguments, cwd=cwd, status=1)
        assert sorted(cwd.rglob("*")) == before
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        message = done.stderr[done.stderr.index("galsearch: ") :].removeprefix("galsearch: ")
        fact, _, remedy = message.removesuffix("\n").rpartition("\n")
        assert remedy in REMEDIES.values()
        return fact

    return run


@pytest.fixture
def survey(demonstration, tmp_path: Path) -> Path:
    """A copy of the demonstration's survey files."""
    return Path(shutil.copytree(demonstration.home / "demo" / "survey", tmp_path / "survey"))


def coadd_of(survey: Path) -> Path:
    return sorted(survey.rglob("coadd-*.fits"))[0]


def test_a_truncated_coadd(refused, survey: Path) -> None:
    coadd = coadd_of(survey)
    coadd.write_bytes(coadd.read_bytes()[:300_000])
    message = refused("ingest", survey / "ingest.toml", survey.parent / "dataset")
    assert message.startswith(f"{coadd}: cut short: HDU ")
    assert message.endswith("the file at 300000.")


def test_a_fits_file_of_something_else(refused, survey: Path) -> None:
    coadd = coadd_of(survey)
    fits.PrimaryHDU(np.zeros((5, 5), np.float32)).writeto(coadd, overwrite=True)
    assert refused("ingest", survey / "ingest.toml", survey.parent / "dataset") == (
        f"{coadd}: HDU FIBERMAP is missing, so this is not a DESI coadd or spectra file. It holds: "
        "PRIMARY."
    )


def test_a_file_that_is_no_fits_at_all(refused, survey: Path) -> None:
    coadd = coadd_of(survey)
    coadd.write_text("<html>404</html>")
    message = refused("ingest", survey / "ingest.toml", survey.parent / "dataset")
    assert message.startswith(f"{coadd}: ")


def test_a_truncated_cutout(refused, survey: Path) -> None:
    cutout = sorted((survey / "cutouts").rglob("*.fits"))[0]
    cutout.write_bytes(cutout.read_bytes()[:100_000])
    message = refused("ingest", survey / "ingest.toml", survey.parent / "dataset")
    assert message.startswith(f"{cutout}: cut short")


def test_a_recipe_that_is_not_there(refused, tmp_path: Path) -> None:
    message = refused("ingest", tmp_path / "none.toml", tmp_path / "dataset")
    assert str(tmp_path / "none.toml") in message


def test_a_recipe_whose_files_do_not_exist(refused, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\n[spectra]\nfiles = ["coadd-*.fits"]\n')
    message = refused("ingest", tmp_path / "mine.toml", tmp_path / "dataset")
    assert "coadd-*.fits" in message


def test_an_empty_dataset(refused, tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    message = refused("embed", tmp_path / "dataset", tmp_path / "embeddings")
    assert message.startswith(f"{tmp_path}/dataset")


def test_embeddings_that_are_not_there(refused, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text('name = "mine"\n')
    message = refused(
        "build-index",
        tmp_path / "recipe.toml",
        "--embeddings",
        tmp_path / "none",
        "--out",
        tmp_path / "build",
    )
    assert str(tmp_path / "none") in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--target-id", "39627848784286003"],
            "TARGETID 39627848784286003 is not in index 'demo' (24 galaxies).\n"
            "Use a TARGETID that is there. query and estimate also take galaxies of embeddings: "
            "--from-embeddings DIRECTORY.",
        ),
        (
            ["--target-id", "ID", "-k", "0"],
            "k is 0; expected a whole number, 1 or more.\nCorrect the option that the message "
            "names.",
        ),
        (
            ["--target-id", "ID", "-k", "-5"],
            "k is -5; expected a whole number, 1 or more.\nCorrect the option that the message "
            "names.",
        ),
    ],
)
def test_an_invalid_query_is_refused(
    demonstration, galsearch_command: Command, arguments: list[str], message: str
) -> None:
    arguments = [demonstration.target_id if word == "ID" else word for word in arguments]
    done = galsearch_command("query", *arguments, cwd=demonstration.home, status=1)
    assert (done.stdout, done.stderr) == ("", f"galsearch: {message}\n")


@pytest.mark.parametrize("target_id", ["3.9627848784286e16", "39627848784286003.0", "-1", "NGC 1"])
def test_text_that_is_no_target_id(
    demonstration, galsearch_command: Command, target_id: str
) -> None:
    done = galsearch_command("query", f"--target-id={target_id}", cwd=demonstration.home, status=1)
    assert repr(target_id) in done.stderr or target_id in done.stderr


def test_an_index_of_another_encoder(
    demonstration, galsearch_command: Command, make_sky, tmp_path: Path
) -> None:
    sky = make_sky(30, dim=128)
    sky.write(tmp_path / "others")
    query = ["query", "--target-id", str(sky.ids[3]), "--from", tmp_path / "others"]
    done = galsearch_command(*query, cwd=demonstration.home, status=1)
    own = galsearch.open_index(demonstration.home / "index_builds" / "demo").manifest.fingerprint
    assert done.stderr == (
        f"galsearch: index 'demo' has embeddings of encoder {own[:16]}, {tmp_path / 'others'} of "
        f"encoder {'a' * 16}. Similarities between embeddings of different encoders have no "
        "meaning.\nEmbed with the encoder of the index, or build the index again from these "
        "embeddings.\n"
    )


def test_a_traceback_is_shown_with_debug(demonstration, galsearch_command: Command) -> None:
    done = galsearch_command(
        "--debug", "query", "--target-id", "5", cwd=demonstration.home, status=1
    )
    assert "Traceback" in done.stderr
    assert "UnknownTargetError" in done.stderr


def test_no_index_here(galsearch_command: Command, tmp_path: Path) -> None:
    done = galsearch_command("query", "--target-id", "5", cwd=tmp_path, status=1)
    assert "index_builds" in done.stderr


def test_a_gallery_without_its_dataset_names_the_option(
    demonstration, galsearch_command: Command, tmp_path: Path
) -> None:
    shutil.copytree(demonstration.home / "index_builds", tmp_path / "index_builds")
    done = galsearch_command(
        "query",
        "--target-id",
        demonstration.target_id,
        "--dataset",
        tmp_path / "gone",
        "--gallery",
        tmp_path / "page.html",
        cwd=tmp_path,
        status=1,
    )
    assert "--dataset" in done.stderr
    assert not (tmp_path / "page.html").exists()
