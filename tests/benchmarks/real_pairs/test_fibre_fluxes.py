"""Ratios of fluxes are those of extended objects that are bright enough."""

from pathlib import Path

import pytest

from benchmarks.real_pairs.fibre_fluxes import distribution, real_fibre_ratios


def test_points_faint_objects_and_missing_values_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "fluxes.csv").write_text(
        "TILEID,IMAGING_FLUX_R,IMAGING_FIBERFLUX_R,SPECTRO_FLUX_R\n"
        "1,10,2,3\n1,10,8,9\n1,0.4,0.1,0.2\n1,,2,3\n1,10,4,-1\n1,10,4,5\n"
    )
    assert real_fibre_ratios(tmp_path).tolist() == [1.5, 1.25]


def test_the_distribution_of_real_ratios(real: Path) -> None:
    found = distribution(real_fibre_ratios(real / "desi-fibre-flux"))
    assert found["n"] == 2419
    assert found["p50"] == pytest.approx(1.35, abs=0.01)
    assert (found["p5"], found["p95"]) == (
        pytest.approx(1.16, abs=0.01),
        pytest.approx(1.59, abs=0.01),
    )
