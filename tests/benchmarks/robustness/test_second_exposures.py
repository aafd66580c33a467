"""Galaxies that are observed again are those of the survey."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bagpipes", reason="needs the extra sim")
pytest.importorskip("galsim", reason="needs the extra sim")

from benchmarks.robustness import second_exposures
from benchmarks.robustness.second_exposures import DEPTHS, first_galaxies, observe_again
from galsearch.core.errors import DatasetError
from galsearch.simulate import simulate_survey
from galsearch.sources import read_cutout, read_spectra_file


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("survey")
    simulate_survey(out, n=2, seed=3, workers=1)
    return out


def test_new_exposures_show_the_same_galaxies(survey: Path) -> None:
    again = observe_again(survey, 2)
    path = next(survey.rglob("coadd-*.fits"))
    file = read_spectra_file(str(path))
    known = dict(zip(file.target_ids.tolist(), file.spectra, strict=True))
    assert len(again.target_ids) == 2
    np.testing.assert_array_equal(first_galaxies(survey, 2), again.target_ids)
    for row, target_id in enumerate(again.target_ids.tolist()):
        first = read_cutout(str(next(survey.rglob(f"cutout-{target_id}.fits")))).flux
        second = again.images["a new exposure"][row]
        core = (slice(None), slice(66, 86), slice(66, 86))
        assert np.corrcoef(first[core].ravel(), second[core].ravel())[0, 1] > 0.8
        assert not np.array_equal(first, second)
        flux, ivar = again.spectra["new noise"]
        both = (ivar[row] > 0) & (known[target_id].ivar > 0)
        # The spectra agree within the noise of both, apart from sky lines.
        pull = (flux[row] - known[target_id].flux) / np.sqrt(
            1 / np.where(both, ivar[row], 1) + 1 / np.where(both, known[target_id].ivar, 1)
        )
        assert np.median(np.abs(pull[both])) == pytest.approx(0.67, abs=0.1)


def test_longer_exposures_have_less_noise(survey: Path) -> None:
    again = observe_again(survey, 2)
    depth = {
        factor: np.median(again.spectra[f"exposure x {factor:g}"][1], axis=1) for factor in DEPTHS
    }
    np.testing.assert_allclose(depth[30] / depth[0.1], 300, rtol=0.01)
    assert (np.diff([depth[factor][0] for factor in DEPTHS]) > 0).all()


def test_a_survey_of_the_north_or_a_smaller_one_is_refused(tmp_path: Path) -> None:
    record = {"seed": 3, "n": 10, "hemisphere": "north"}
    (tmp_path / "simulation.json").write_text(json.dumps(record))
    with pytest.raises(DatasetError) as error:
        second_exposures.observe_again(tmp_path, 5)
    assert str(error.value) == (
        f"{tmp_path}: a survey of 10 galaxies in the north; second exposures need one of the south "
        "with at least 5."
    )
