"""Memory-mapped arrays: read-only, and refused where they are not what the manifest states."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import ManifestError
from galsearch.index.vectors.array_files import map_array


def test_a_mapped_array_is_read_only(tmp_path: Path) -> None:
    np.save(tmp_path / "ids.npy", np.arange(3))
    array = map_array(tmp_path / "ids.npy", (3,), np.dtype("<i8"))
    assert array.tolist() == [0, 1, 2]
    assert not array.flags.writeable


def test_an_array_of_another_shape_or_none_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ids.npy"
    np.save(path, np.arange(3))
    with pytest.raises(ManifestError) as caught:
        map_array(path, (4,), np.dtype("<i8"))
    assert str(caught.value) == (
        f"{path}: int64 of shape (3,), manifest.json says int64 of shape (4,)."
    )
    path.write_bytes(b"nothing")
    with pytest.raises(ManifestError, match=r"not a \.npy array"):
        map_array(path, (3,), np.dtype("<i8"))
