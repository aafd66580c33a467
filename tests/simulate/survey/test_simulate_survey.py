"""Interruption, continuation and refused settings of `simulate_survey`."""

import json
from pathlib import Path

import pytest

from galsearch.core.errors import SimulationError
from galsearch.simulate import simulate_survey


class InterruptedByUserError(Exception):
    """Stands for Ctrl-C in these tests."""


def all_bytes(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


@pytest.mark.timeout(600)  # four processes load the stellar library
def test_killed_grown_and_made_by_two_workers_gives_the_bytes_of_one_go(
    simulated: Path, tmp_path: Path, small_chunks: None
) -> None:
    out = tmp_path / "survey"

    def interrupt(_stage: str, done: int, _total: int) -> None:
        if done > 0:
            raise InterruptedByUserError

    with pytest.raises(InterruptedByUserError):
        simulate_survey(out, n=4, seed=7, workers=2, progress=interrupt)
    assert len(list((out / "truth").glob("*.fits"))) < 3
    seen: list[tuple[str, int, int]] = []
    report = simulate_survey(out, n=6, seed=7, workers=2, progress=lambda *step: seen.append(step))
    assert all_bytes(out) == all_bytes(simulated)
    assert seen[-1] == ("simulate", 6, 6)
    assert 3 <= report.n_made <= 6


def test_a_finished_survey_is_left_as_it_is(simulated: Path, small_chunks: None) -> None:
    before = all_bytes(simulated)
    report = simulate_survey(simulated, n=6, seed=7)
    assert (report.n, report.n_made) == (6, 0)
    assert all_bytes(simulated) == before


def test_another_seed_is_refused(simulated: Path, small_chunks: None) -> None:
    with pytest.raises(SimulationError) as caught:
        simulate_survey(simulated, n=6, seed=8)
    assert str(caught.value) == (f"{simulated} holds 6 galaxies of seed 7; requested seed 8.")


def test_a_survey_does_not_shrink(simulated: Path, small_chunks: None) -> None:
    with pytest.raises(SimulationError) as caught:
        simulate_survey(simulated, n=5, seed=7)
    assert str(caught.value) == (
        f"{simulated} holds a survey of 6 galaxies; requested 5. A survey can grow, not shrink."
    )


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(SimulationError) as caught:
        simulate_survey(tmp_path, n=1, seed=1)
    assert str(caught.value) == (
        f"{tmp_path} exists and holds no simulated survey (no simulation.json)."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_record_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "simulation.json").write_text(json.dumps({"seed": 1}))
    with pytest.raises(SimulationError) as caught:
        simulate_survey(tmp_path, n=1, seed=1)
    assert str(caught.value) == (
        f"{tmp_path / 'simulation.json'}: not the record of a simulated survey."
    )


@pytest.mark.parametrize(
    ("n", "seed", "workers", "message"),
    [
        (0, 1, 2, "n = 0: a simulated survey needs n of at least 1."),
        (5, -1, 2, "seed = -1: a simulated survey needs seed of at least 0."),
        (5, 1, 0, "workers = 0: a simulated survey needs workers of at least 1."),
    ],
)
def test_numbers_out_of_range_are_refused(
    tmp_path: Path, n: int, seed: int, workers: int, message: str
) -> None:
    with pytest.raises(SimulationError) as caught:
        simulate_survey(tmp_path / "out", n=n, seed=seed, workers=workers)
    assert str(caught.value) == message
    assert not (tmp_path / "out").exists()


def test_another_or_an_unknown_hemisphere_is_refused(
    simulated: Path, tmp_path: Path, small_chunks: None
) -> None:
    with pytest.raises(SimulationError) as caught:
        simulate_survey(simulated, n=6, seed=7, hemisphere="north")
    assert str(caught.value) == (
        f"{simulated} holds 6 galaxies of hemisphere south; requested hemisphere north."
    )
    with pytest.raises(SimulationError) as caught:
        simulate_survey(tmp_path / "out", n=6, seed=7, hemisphere="east")
    assert str(caught.value) == (
        "hemisphere = 'east': a simulated survey is of the south or the north."
    )
    assert not (tmp_path / "out").exists()
