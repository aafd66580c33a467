"""A simulated survey is opened chunk by chunk until it holds enough galaxies."""

from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from benchmarks.realism.samples.simulated_survey import MILKY_WAY, SimulatedSurvey


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Truth files of three HEALPix pixels with four galaxies each; the last has a column more."""
    (tmp_path / "truth").mkdir()
    for number, pixel in enumerate((11, 22, 33)):
        rows = np.arange(4) + 4 * number
        table = Table(
            {
                "TARGET_ID": 2**60 + rows,
                "SAMPLE": ["LRG", "BGS_BRIGHT", "LRG", "NEARBY"],
                "EBV": rows / 10,
                **{f"MAG_{band.upper()}": 20.0 + rows for band in MILKY_WAY},
            }
        )
        if pixel == 33:
            table["EXTRA"] = 1.0
        table.write(tmp_path / "truth" / f"truth-{pixel}.fits")
    return tmp_path


def test_whole_chunks_are_read_until_there_are_enough_galaxies(root: Path) -> None:
    survey = SimulatedSurvey.open(root, 5)
    assert survey.pixel.tolist() == [11] * 4 + [22] * 4
    assert survey.truth["target_id"].tolist() == (2**60 + np.arange(8)).tolist()
    assert survey.sample("LRG").tolist() == [True, False, True, False] * 2
    assert survey.sample("LRG", "NEARBY").sum() == 6


def test_only_columns_of_all_chunks_are_there(root: Path) -> None:
    assert "extra" not in SimulatedSurvey.open(root, 100).truth
    assert len(SimulatedSurvey.open(root, 100).pixel) == 12


def test_magnitudes_are_corrected_for_the_dust_of_the_milky_way(root: Path) -> None:
    mags = SimulatedSurvey.open(root, 1).magnitudes()
    # E(B-V) = 0.1 for the second galaxy: A_g = 0.3214, A_z = 0.1211.
    assert mags["g"][1] == pytest.approx(21 - 0.3214)
    assert mags["z"][1] == pytest.approx(21 - 0.1211)


def test_a_folder_without_truth_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        SimulatedSurvey.open(tmp_path, 5)
    assert str(caught.value) == (
        f"{tmp_path}: no truth files. Make a survey with galsearch simulate."
    )
