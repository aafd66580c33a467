"""Principal axes: orthonormal, ordered by variance, independent of the batch, and read back."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ManifestError
from galsearch.index.vectors.pca import MAX_UNEXPLAINED, PrincipalAxes, n_fine_axes
from tests.index.vectors.low_rank_vectors import low_rank_vectors


def test_axes_are_orthonormal_and_ordered_by_explained_variance() -> None:
    vectors = low_rank_vectors(2000, 24)
    pca = PrincipalAxes.fit(vectors)
    np.testing.assert_allclose(pca.axes @ pca.axes.T, np.eye(24), atol=1e-5)
    rotated = pca.rotate(vectors)
    np.testing.assert_allclose(np.linalg.norm(rotated, axis=1), 1, atol=1e-5)
    assert (np.diff(pca.explained_variance_ratio) <= 1e-12).all()
    np.testing.assert_allclose(
        np.mean(rotated.astype(float) ** 2, axis=0), pca.explained_variance_ratio, atol=1e-5
    )
    assert pca.n_components_for(MAX_UNEXPLAINED) == 16
    lost = 1 - np.linalg.norm(rotated[:, : pca.n_components_for(MAX_UNEXPLAINED)], axis=1) ** 2
    assert lost.mean() <= 1e-3
    within = (pca.low < rotated) & (rotated < pca.high)
    assert within[:, : n_fine_axes(24)].all()
    assert within.mean() > 0.997


@given(n=st.integers(1, 40), start=st.integers(0, 39))
def test_a_rotated_vector_does_not_depend_on_the_batch(n: int, start: int) -> None:
    vectors = low_rank_vectors(80, 24)
    pca = PrincipalAxes.fit(vectors)
    alone = np.concatenate([pca.rotate(vectors[i : i + 1]) for i in range(start, start + n)])
    assert np.array_equal(pca.rotate(vectors[start : start + n]), alone)


def test_a_file_of_other_axes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "basis.npz"
    PrincipalAxes.fit(low_rank_vectors(50, 8)).write(path)
    assert PrincipalAxes.read(path, dim=8).dim == 8
    with pytest.raises(ManifestError) as caught:
        PrincipalAxes.read(path, dim=9)
    assert str(caught.value) == (
        f"{path}: arrays of shapes [(8, 8), (8,), (8,), (8,)], manifest.json says 9 dimensions."
    )
    path.write_bytes(b"nothing")
    with pytest.raises(ManifestError, match="no principal axes"):
        PrincipalAxes.read(path, dim=8)


def test_a_member_that_is_no_array_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "basis.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("axes", "shares", "low", "high"):
            archive.writestr(f"{name}.npy", b"text")
    with pytest.raises(ManifestError) as caught:
        PrincipalAxes.read(path, dim=4)
    assert str(caught.value) == f"{path}: no principal axes in it (axes is no array)."
