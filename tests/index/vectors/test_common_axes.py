"""The axes that common vectors span, and the vectors outside of them."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import ManifestError
from galsearch.files.atomic import write_arrays
from galsearch.index.vectors.array_files import COMMON_AXES_NAME
from galsearch.index.vectors.common_axes import CommonAxes
from galsearch.index.vectors.pca import PrincipalAxes
from tests.index.vectors.low_rank_vectors import low_rank_vectors


def fitted(vectors: np.ndarray) -> CommonAxes:
    axes = CommonAxes.fit(PrincipalAxes.fit(vectors), vectors)
    assert axes is not None
    return axes


def test_the_rarest_1_to_2_per_cent_lie_outside() -> None:
    vectors = low_rank_vectors(4000, 32, ratio=0.8)
    axes = fitted(vectors)
    assert len(axes.axes) == 16
    assert 0.01 <= np.mean(axes.measure(vectors) > axes.limit) <= 0.02
    coordinates = vectors.astype(np.float64) @ axes.axes.T.astype(np.float64)
    outside = 1 - np.square(coordinates).sum(axis=1)
    np.testing.assert_allclose(axes.measure(vectors), outside, atol=1e-6)
    assert axes.measure(vectors[5:6]) == axes.measure(vectors)[5]


def test_a_limit_is_above_the_rounding_of_single_precision() -> None:
    vectors = low_rank_vectors(4000, 32)
    assert not (fitted(vectors).measure(vectors) > fitted(vectors).limit).any()


def test_nothing_lies_outside_where_the_axes_are_all_axes() -> None:
    vectors = low_rank_vectors(500, 12)
    assert CommonAxes.fit(PrincipalAxes.fit(vectors), vectors) is None


def test_axes_are_read_as_they_were_written_and_others_are_refused(tmp_path: Path) -> None:
    axes = fitted(low_rank_vectors(500, 32))
    axes.write(tmp_path)
    again = CommonAxes.read(tmp_path, dim=32)
    assert np.array_equal(again.axes, axes.axes)
    assert again.limit == axes.limit
    path = tmp_path / COMMON_AXES_NAME
    with pytest.raises(ManifestError) as caught:
        CommonAxes.read(tmp_path, dim=31)
    assert str(caught.value) == f"{path}: no axes of 31 dimensions."
    write_arrays(path, axes=np.full((2, 32), np.nan, np.float32), limit=np.float64(0))
    with pytest.raises(ManifestError):
        CommonAxes.read(tmp_path, dim=32)
    path.write_bytes(b"PK")
    with pytest.raises(ManifestError, match="no common axes in it"):
        CommonAxes.read(tmp_path, dim=32)
