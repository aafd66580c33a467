"""Retrieval among exposures: kinds of queries, ranks, and the messages of the command."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.robustness import exposure_retrieval
from benchmarks.robustness.exposure_retrieval import main, measure, query_kinds, ranks, table
from galsearch.encoders import checkpoint
from galsearch.encoders.network.cross_modal_model import initialise
from tests.training.exposures.random_exposures import write_exposures
from tests.training.exposures.test_exposure_inputs import SIZES
from training.exposures.exposure_set import ExposureSet, open_exposure_set


@pytest.fixture(scope="module")
def exposures(tmp_path_factory: pytest.TempPathFactory) -> ExposureSet:
    return open_exposure_set(write_exposures(tmp_path_factory.mktemp("exposures") / "set"))


def test_ranks_are_those_of_a_slow_loop() -> None:
    rng = np.random.default_rng(1)
    queries, candidates = rng.normal(size=(2, 30, 4)).astype(np.float32)
    for row, rank in enumerate(ranks(queries, candidates)):
        cosines = [float(queries[row] @ other) for other in candidates]
        assert rank == sum(each >= cosines[row] for each in cosines)


def test_kinds_of_queries_follow_from_the_records(exposures: ExposureSet) -> None:
    records = exposures.take(np.arange(4))
    records["sample"] = [b"LRG", b"QSO", b"STAR", b"FAINT"]
    records["north"] = [[False, True], [True, True], [False, False], [True, False]]
    records["mask"] = 0
    bits = np.zeros((3, 108, 108), bool)
    bits[1] = True
    records["mask"][0, 0] = np.packbits(bits)
    records["spectrum"][3, 0, 30:] = 0
    kinds = query_kinds(ExposureSet(Path("set"), [records], ""), np.arange(4))
    assert {name: np.flatnonzero(rows).tolist() for name, rows in kinds.items()} == {
        "all": [0, 1, 2, 3],
        "nothing masked": [1, 2],
        "some pixels masked": [],
        "a band missing": [0],
        "an arm missing": [3],
        "quasars and stars": [1, 2],
        "the same cameras": [1, 2],
        "the other cameras": [0, 3],
    }


def test_every_kind_of_query_has_a_row(exposures: ExposureSet, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    checkpoint.save(path, initialise(SIZES, seed=1))
    rows = exposures.rows_of("test")
    found = measure(exposures, rows, path)
    assert found["image to spectrum: all"][1] == len(rows)
    assert "image, another exposure: the same cameras" in found
    assert "image to spectrum: the same cameras" not in found
    assert table(found, len(rows)).startswith(f"| query, among {len(rows)} | found | queries |")


def test_a_pool_that_is_too_large_is_one_message(
    exposures: ExposureSet, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(exposures.path), "--pool", "150"]) == 1
    n = len(exposures.rows_of("test"))
    assert capsys.readouterr().err == (
        f"error: {exposures.path}: its test split has {n} galaxies; a pool of 150 was requested.\n"
    )
    assert exposure_retrieval.SMALL.is_file()
