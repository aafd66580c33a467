"""Histograms of both samples share their bins and are normalised; mosaics show every picture."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs the extra plot")

from matplotlib import pyplot as plt
from PIL import Image

from benchmarks.realism.report import realism_figures
from benchmarks.realism.report.thumbnails import Pictures


def test_two_samples_share_their_bins_and_have_unit_area() -> None:
    figure, axes = plt.subplots()
    generator = np.random.default_rng(1)
    simulated, real = generator.normal(size=500), generator.normal(0.5, 1, 300)
    real[:2] = [np.nan, 1000]  # an outlier is drawn in the last bin
    realism_figures._pair(axes, simulated, real, "g - r", bins=20)
    outlines = [patch.get_xy() for patch in axes.patches]
    assert axes.get_xlabel() == "g - r"
    np.testing.assert_array_equal(outlines[0][:, 0], outlines[1][:, 0])
    for outline in outlines:
        left, height = outline[1:-1:2, 0], outline[1:-1:2, 1]
        widths = np.diff(np.append(left, outline[-2, 0]))
        assert (height * widths).sum() == pytest.approx(1)
    assert axes.get_legend_handles_labels()[1] == ["real (299)", "simulated (500)"]
    plt.close(figure)


def test_samples_without_finite_values_are_not_drawn() -> None:
    figure, axes = plt.subplots()
    realism_figures._pair(axes, [np.nan], [], "z")
    assert not axes.patches
    plt.close(figure)


@pytest.mark.parametrize(("n", "n_rows", "n_columns"), [(3, 2, 3), (10, 2, 10)])
def test_a_mosaic_shows_short_blocks_in_rows_and_long_ones_side_by_side(
    n: int, n_rows: int, n_columns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[int, int]] = []
    original = plt.subplots

    def subplots(rows: int, columns: int, **settings: object) -> object:
        shown.append((rows, columns))
        return original(rows, columns, **settings)

    monkeypatch.setattr(realism_figures.plt, "subplots", subplots)
    pictures = [np.full((8, 8, 3), i / n) for i in range(n)]
    realism_figures._mosaic(
        Pictures("m.png", "title", {"real": pictures, "simulated": pictures}), tmp_path / "m.png"
    )
    assert shown == [(n_rows, n_columns)]
    with Image.open(tmp_path / "m.png") as image:
        assert image.format == "PNG"
        assert image.width > 30 * n_columns
    assert [path.name for path in tmp_path.iterdir()] == ["m.png"]
