"""simulate_survey: its files, its bytes, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import MissingExtraError, SimulationError
from galsearch.core.target_id import TargetId, decode_target_id
from galsearch.simulate import simulate_survey
from galsearch.simulate.optional_imports import load_extra
from galsearch.sources import (
    read_cutout,
    read_cutout_header,
    read_redrock,
    read_spectra_file,
    read_table,
)


class InterruptedByUserError(Exception):
    """What the user's Ctrl-C is in these tests."""


def all_bytes(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def truth_of(out: Path) -> dict[str, np.ndarray]:
    tables = [read_table(str(path)) for path in sorted((out / "truth").glob("*.fits"))]
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


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


def test_the_readers_of_real_files_read_the_survey(simulated: Path) -> None:
    truth = truth_of(simulated)
    coadds = sorted(simulated.glob("healpix/main/bright/*/*/coadd-main-bright-*.fits"))
    files = [read_spectra_file(str(path)) for path in coadds]
    assert [file.skipped for file in files] == [{"sky": 1, "negative TARGETID": 1}] * 2
    ids = np.concatenate([file.target_ids for file in files])
    assert set(ids.tolist()) == set(truth["target_id"].tolist())
    assert len(set(ids.tolist())) == 6
    for file in files:
        folder = Path(file.url).parent
        redshifts = read_redrock(str(next(folder.glob("redrock-*.fits"))))
        for target, spectrum in zip(file.target_ids, file.spectra, strict=True):
            true_z = truth["true_z"][truth["target_id"] == target][0]
            row = int(np.flatnonzero(redshifts.target_ids == target)[0])
            assert redshifts.zwarn[row] != 0 or abs(redshifts.z[row] - true_z) < 0.005
            assert 0.99 < spectrum.good.mean() <= 1


def test_cutouts_are_centred_on_their_galaxy_and_hold_its_light(simulated: Path) -> None:
    truth = truth_of(simulated)
    for path in simulated.glob("cutouts/*/*.fits"):
        header, cutout = read_cutout_header(str(path)), read_cutout(str(path))
        assert cutout.flux.shape == (3, 152, 152)
        assert cutout.bands == ("g", "r", "z")
        assert header.target_id is not None
        row = int(np.flatnonzero(truth["target_id"] == int(header.target_id))[0])
        middle = cutout.flux[1, 61:91, 61:91].sum()
        total = 10 ** (-0.4 * (truth["mag_r"][row] - 22.5))
        assert 0.3 * total < middle < 1.3 * total


def test_target_ids_are_mock_ids_of_their_brick(simulated: Path) -> None:
    parts = [decode_target_id(TargetId(int(i))) for i in truth_of(simulated)["target_id"]]
    assert all(part.mock and not part.sky and part.release == 9010 for part in parts)
    assert len({part.objid for part in parts}) == 6


def test_truth_is_finite_and_adds_up(simulated: Path) -> None:
    truth = truth_of(simulated)
    for name, values in truth.items():
        assert values.dtype.kind in "SU" or np.isfinite(values).all(), name
    np.testing.assert_allclose(
        truth["log10_ssfr"], truth["log10_sfr"] - truth["log10_mass"], atol=1e-9
    )
    assert ((truth["bulge_fraction"] >= 0) & (truth["bulge_fraction"] <= 1)).all()


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


def test_a_record_of_something_else_is_said(tmp_path: Path) -> None:
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


def test_another_hemisphere_is_refused_and_so_is_one_that_is_none(
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


def test_the_north_has_its_release_and_its_sky(tmp_path: Path, small_chunks: None) -> None:
    pytest.importorskip("galsim", reason="needs the extra sim")
    simulate_survey(tmp_path / "out", n=1, seed=7, hemisphere="north", workers=1)
    target_id = TargetId(int(truth_of(tmp_path / "out")["target_id"][0]))
    assert decode_target_id(target_id).release == 9011
    file = read_spectra_file(str(next((tmp_path / "out").glob("healpix/**/coadd-*.fits"))))
    assert file.columns["photsys"].tolist() == ["N"]
    assert file.dec_deg[0] > 32


def test_a_missing_package_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(MissingExtraError) as caught:
        load_extra("a_package_that_is_not")
    assert str(caught.value) == (
        "simulating galaxies needs a_package_that_is_not, which is part of the extra 'sim' of "
        "galsearch and is not installed (No module named 'a_package_that_is_not')."
    )


def test_importing_the_room_loads_no_simulator_and_prints_nothing() -> None:
    code = (
        "import sys, galsearch.simulate; "
        "sys.exit(any(m in sys.modules for m in ('bagpipes', 'galsim', 'speclite', 'torch')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
