"""Records of a map are checked before they are used."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import ManifestError
from galsearch.index.vectors.map_records import MAP_DTYPE, check_map_records, open_map_records

PATH = Path("map-image.npy")


def records() -> np.ndarray:
    return np.array([(3, 0.5, 1, 1), (7, 2, -1, 0)], MAP_DTYPE)


def test_records_in_order_with_positions_are_accepted() -> None:
    check_map_records(records(), PATH)
    check_map_records(records()[:0], PATH)


def test_a_galaxy_with_two_positions_is_refused() -> None:
    twice = records()
    twice["target_id"] = 3
    with pytest.raises(ManifestError) as caught:
        check_map_records(twice, PATH)
    assert str(caught.value) == "map-image.npy: TARGETIDs must ascend; 3 follows 3 at row 1."


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_position_that_is_not_finite_is_refused(value: float) -> None:
    wrong = records()
    wrong["y"][1] = value
    with pytest.raises(ManifestError) as caught:
        check_map_records(wrong, PATH)
    assert str(caught.value) == "map-image.npy: the position in row 1 is not finite."


def test_a_file_of_another_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / PATH
    np.save(path, records())
    assert open_map_records(path, 2).tolist() == records().tolist()
    with pytest.raises(ManifestError) as caught:
        open_map_records(path, 3)
    assert str(caught.value).startswith(f"{path}: ")
