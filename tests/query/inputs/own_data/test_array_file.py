"""Arrays in files .npy."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import SourceError
from galsearch.query.inputs.own_data.array_file import load_array
from tests.damaged_files import assert_only_galsearch_errors


def test_an_array_is_loaded_and_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.arange(3))
    assert load_array(path).tolist() == [0, 1, 2]
    np.save(path, np.array([{}], object), allow_pickle=True)
    with pytest.raises(SourceError) as caught:
        load_array(path)
    assert str(caught.value).startswith(f"{path}: a damaged NumPy array (Object arrays cannot be")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        load_array(tmp_path / "a.npy")
    assert str(caught.value) == f"{tmp_path / 'a.npy'}: no such file."


def test_a_damaged_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.arange(20.0))

    def read(content: bytes) -> None:
        path.write_bytes(content)
        load_array(path)

    assert_only_galsearch_errors(read, [path.read_bytes()])
