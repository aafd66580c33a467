"""A set of exposures can be interrupted, continued, enlarged and read; others are refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import DatasetError, SimulationError, SimulationSettingError
from galsearch.dataset import split_of
from galsearch.files.atomic import write_array
from galsearch.simulate.survey.footprint import Chunk
from galsearch.simulate.survey.worker_pool import make_in_workers
from training.exposures import exposure_set
from training.exposures.exposure_record import EXPOSURES, object_number
from training.exposures.exposure_set import open_exposure_set, simulate_exposure_set
from training.exposures.make_exposures import chunk_path, make_exposures


def make_here(chunks, make, *, workers, done, exists) -> None:
    """Make chunks in this process, the last first, as workers may finish in any order."""
    for chunk in reversed(chunks):
        assert not exists(chunk)
        make(chunk)
        assert exists(chunk)
        done(chunk)


def quick_exposures(out: Path, seed: int, ordinary_share: float, chunk: Chunk) -> None:
    """Write random records in place of a simulation."""
    records = np.zeros(chunk.n, EXPOSURES)
    records["target_id"] = object_number(chunk.number, range(chunk.n), 2)
    records["z"] = np.random.default_rng([seed, chunk.number]).random(chunk.n) + ordinary_share
    write_array(chunk_path(out, chunk), records)


@pytest.fixture(autouse=True, scope="module")
def quick_simulation():
    """Chunks of two objects that are made in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exposure_set, "OBJECTS_PER_CHUNK", 2)
        patch.setattr(exposure_set, "make_in_workers", make_here)
        patch.setattr(exposure_set, "make_exposures", quick_exposures)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five objects of seed 3, so three chunks of two."""
    out = tmp_path_factory.mktemp("exposures") / "set"
    assert simulate_exposure_set(out, n=5, seed=3, workers=2) == 6
    return out


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.rglob("*.npy"))}


def test_a_set_that_is_interrupted_and_grows_has_the_bytes_of_one_made_at_once(
    made: Path, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    simulate_exposure_set(tmp_path / "a", n=2, seed=3, workers=1)
    (tmp_path / "a" / "chunks" / "exposures-00000.npy").unlink()
    simulate_exposure_set(
        tmp_path / "a", n=6, seed=3, workers=1, progress=lambda *some: told.append(some)
    )
    assert files(tmp_path / "a") == files(made)
    assert told == [("exposures", done, 6) for done in (0, 2, 4, 6)]


def test_rows_are_the_records_of_the_chunks(made: Path) -> None:
    exposures = open_exposure_set(made)
    assert len(exposures) == 6
    some = exposures.take(np.array([5, 0, 3]))
    whole = np.concatenate([np.load(path) for path in sorted(made.rglob("*.npy"))])
    assert some.tobytes() == whole[[5, 0, 3]].tobytes()
    np.testing.assert_array_equal(exposures.column("z"), whole["z"])
    rows = np.concatenate([exposures.rows_of(name) for name in ("train", "validation", "test")])
    assert sorted(rows.tolist()) == list(range(6))
    assert set(split_of(whole["target_id"][exposures.rows_of("train")])) <= {"train"}


def test_a_set_of_other_settings_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(SimulationError) as caught:
        simulate_exposure_set(made, n=6, seed=4, workers=1)
    assert str(caught.value) == f"{made} holds exposures of seed 3; requested 4."
    with pytest.raises(SimulationError) as caught:
        simulate_exposure_set(made, n=2, seed=3, workers=1)
    assert str(caught.value) == (
        f"{made} holds exposures of 6 objects; requested 2. A set can grow, not shrink."
    )
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SimulationError) as caught:
        simulate_exposure_set(tmp_path, n=2, seed=3, workers=1)
    assert str(caught.value) == f"{tmp_path} exists and holds no exposures (no exposures.json)."
    (tmp_path / "exposures.json").write_text("[]")
    with pytest.raises(SimulationError) as caught:
        simulate_exposure_set(tmp_path, n=2, seed=3, workers=1)
    assert str(caught.value) == f"{tmp_path}/exposures.json: not the record of a set of exposures."
    with pytest.raises(SimulationSettingError) as setting:
        simulate_exposure_set(tmp_path, n=0, seed=3, workers=1)
    assert str(setting.value) == "n = 0: a set of exposures needs n of at least 1."
    with pytest.raises(SimulationSettingError) as setting:
        simulate_exposure_set(tmp_path, n=1, seed=3, workers=1, ordinary_share=1.5)
    assert str(setting.value) == "ordinary_share = 1.5: expected 0 to 1."


def test_sets_of_another_share_of_ordinary_exposures_are_other_sets(
    made: Path, tmp_path: Path
) -> None:
    with pytest.raises(SimulationError) as caught:
        simulate_exposure_set(made, n=6, seed=3, workers=1, ordinary_share=0.5)
    assert str(caught.value) == f"{made} holds exposures of ordinary_share 0; requested 0.5."
    simulate_exposure_set(tmp_path, n=6, seed=3, workers=1, ordinary_share=0.5)
    assert open_exposure_set(tmp_path).digest != open_exposure_set(made).digest


def test_an_incomplete_or_outdated_set_is_not_opened(made: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        open_exposure_set(tmp_path)
    assert str(caught.value) == f"{tmp_path}: holds no simulated exposures (no exposures.json)."
    record = json.loads((made / "exposures.json").read_text())
    (tmp_path / "exposures.json").write_text(json.dumps(record))
    with pytest.raises(DatasetError) as caught:
        open_exposure_set(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: 3 of 3 chunks of exposures are missing, the first is exposures-00000.npy: "
        "the simulation was interrupted; repeat it."
    )
    record["preparation"] = {"version": 1}
    (tmp_path / "exposures.json").write_text(json.dumps(record))
    with pytest.raises(DatasetError, match="its exposures have the preparation"):
        open_exposure_set(tmp_path)


@pytest.mark.slow
def test_two_workers_make_the_bytes_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("galsim", reason="needs the extra sim")
    monkeypatch.setattr(exposure_set, "make_in_workers", make_in_workers)
    monkeypatch.setattr(exposure_set, "make_exposures", make_exposures)
    for workers in (1, 2):
        simulate_exposure_set(tmp_path / str(workers), n=4, seed=3, workers=workers)
    assert files(tmp_path / "1") == files(tmp_path / "2")
