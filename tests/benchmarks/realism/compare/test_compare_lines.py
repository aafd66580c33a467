"""Real galaxies are matched with bright simulated ones of like redshift, each used once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn")

from benchmarks.realism.compare import compare_lines
from benchmarks.realism.samples import line_widths
from tests.benchmarks.realism.synthetic_survey import synthetic_survey


def test_each_real_galaxy_has_its_own_bright_neighbours_in_redshift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = synthetic_survey(tmp_path)
    survey.truth["snr"][::2] = 5.0  # too faint
    widths = dict.fromkeys([*line_widths.LINES, "D4000"], 1.5)
    real = [{"z": z, **widths} for z in (0.1, 0.1, 0.25)]
    read: list[np.ndarray] = []
    compared: list[Any] = []

    def spectra(rows: np.ndarray) -> Any:
        read.append(rows)
        return iter(())

    def two_sample_test(simulated: Any, found: Any, names: list[str], **how: Any) -> str:
        compared.append((simulated, found, names, how))
        return "result"

    object.__setattr__(survey, "spectra", spectra)
    monkeypatch.setattr(line_widths, "real_widths", lambda _: real)
    monkeypatch.setattr(compare_lines, "two_sample_test", two_sample_test)
    found = compare_lines.compare_lines(survey, tmp_path, per_real=2, repeats=3, folds=4, seed=1)
    assert found == {"classifiers": {"lines and break sdss": "result"}}
    (rows,) = read
    z, distance = survey.truth["true_z"], 0.02
    for redshift, n in ((0.1, 4), (0.25, 2)):
        near = np.abs(z[rows] - redshift) < distance
        bright = (survey.truth["snr"] > 8) & survey.sample("NEARBY", "BGS_BRIGHT")
        possible = bright & (np.abs(z - redshift) < distance)
        assert near.sum() == min(n, possible.sum()) > 0
    assert (survey.truth["snr"][rows] > 8).all()
    assert not survey.sample("LRG")[rows].any()
    assert len(set(rows.tolist())) == len(rows)
    ((_, values, names, how),) = compared
    assert names[-1] == "D4000"
    np.testing.assert_allclose(values[:, :-1], np.arcsinh(0.75))
    np.testing.assert_allclose(values[:, -1], 1.5)
    assert how == {"seed": 1, "repeats": 3, "folds": 4}
