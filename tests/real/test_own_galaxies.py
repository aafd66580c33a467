"""The commands of the README for a user's own galaxies, run on real survey files."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import galsearch

Command = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
OWN = README[README.index("## Your own galaxies") : README.index("## Query")]
REAL = "39633345008634465"  # z = 0.36874 (DESI SV1, bright, healpix 7108)
IN_ANOTHER_INDEX = (
    f"galsearch query --target-id {REAL} --from-embeddings mine/embeddings --using spectrum "
    "--among image --index index_builds/demo"
)


@pytest.fixture(scope="module")
def home(real: Path, demonstration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a user's files under the names that the README gives them."""
    home = tmp_path_factory.mktemp("own")
    (home / "desi").mkdir()
    for path in [*real.glob("desi-specutils/coadd-*"), *real.glob("desi-fastspecfit/*0324.fits")]:
        (home / "desi" / path.name).symlink_to(path)
    (home / "cutouts").symlink_to(real / "ls-fits-cutouts")
    shutil.copytree(demonstration.home / "index_builds", home / "index_builds")
    shutil.copytree(ROOT / "index_builds" / "recipes", home / "index_builds" / "recipes")
    (home / "mine.toml").write_text(re.search(r"```toml\n(.*?)```", OWN, re.S)[1])
    return home


@pytest.fixture(scope="module")
def outputs(home: Path, galsearch_command: Command) -> list[subprocess.CompletedProcess[str]]:
    """Results of the commands of the README, and of a query in the demonstration index."""
    commands = re.findall(r"^galsearch .*$", OWN, re.M)
    assert [shlex.split(command)[1] for command in commands] == [
        "ingest", "embed", "build-index", "query",
    ]  # fmt: skip
    commands.append(IN_ANOTHER_INDEX)
    return [galsearch_command(*shlex.split(command)[1:], cwd=home) for command in commands]


def test_every_real_row_is_in_the_dataset_or_counted_as_dropped(outputs, home: Path) -> None:
    report = json.loads((home / "mine" / "dataset" / "ingest_report.json").read_text())
    assert (report["n_spectra"], report["n_images"]) == (11, 12)
    assert report["n_spectrum_only"] == 4
    assert report["dropped"] == {
        # Two cutouts show what two others show, at the same position.
        "image: its TARGETID is another galaxy's": 2,
        "spectrum: fibre status": 1,
        "spectrum: negative TARGETID": 5,
        "spectrum: sky": 1,
    }
    assert report["n_image_only"] == 10
    dataset = galsearch.open_dataset(home / "mine" / "dataset")
    assert len(dataset) == 14
    row = dataset.catalogue["target_id"].to_pylist().index(int(REAL))
    assert dataset.catalogue["z"][row].as_py() == pytest.approx(0.36874, abs=1e-5)


def test_images_and_spectra_without_a_partner_are_embedded(outputs, home: Path) -> None:
    for modality, n in (("image", 10), ("spectrum", 4)):
        store = galsearch.open_store(home / "mine" / "embeddings", modality)
        assert len(store) == n
        vectors = store.read(np.concatenate(list(store.iter_ids())))
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_real_spectrum_is_queried_among_real_spectra(outputs, home: Path) -> None:
    table = outputs[3].stdout.splitlines()
    assert table[0] == f"spectrum of TARGETID {REAL}, among spectrum (exact)"
    assert len(table) == 2 + 3
    assert (home / "neighbours.html").read_text().count("<svg") == 4


def test_a_real_spectrum_is_queried_among_simulated_galaxies(outputs) -> None:
    table = outputs[4].stdout.splitlines()
    assert table[0] == f"spectrum of TARGETID {REAL}, among image (exact)"
    assert len(table) == 2 + 10
