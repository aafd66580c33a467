"""Pictures of maps: white ground, no axes, the colours of the values."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from galsearch.core.errors import MissingExtraError
from galsearch.render import map_picture
from galsearch.render.map_picture import map_png

X, Y = np.random.default_rng(0).normal(size=(2, 400))
VALUES = {
    "numbers": np.where(X > 1, np.nan, X),
    "unknown": np.full(400, np.nan),
    "texts": np.where(X > 0, "spiral", None),
    "many": np.array([f"class {i % 11}" for i in range(400)], object),
    "density": None,
}


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_every_kind_of_values_is_drawn_on_white(values: np.ndarray | None) -> None:
    pytest.importorskip("matplotlib")
    drawn = pixels(map_png(X, Y, values, label="kind", title="400 galaxies"))
    assert drawn.shape[1] == 1440
    assert (drawn[0] == 255).all()
    assert 0.002 < (drawn != 255).any(axis=2).mean() < 0.5


def test_many_galaxies_are_drawn_in_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(map_picture, "MOST_POINTS", 100)
    known = pixels(map_png(X, Y, X))
    assert (known != 255).any(axis=2).mean() < 0.2
    assert not np.array_equal(known, pixels(map_png(X, Y, -X)))


def test_a_map_of_one_position_is_drawn() -> None:
    pytest.importorskip("matplotlib")
    assert pixels(map_png(np.zeros(3), np.zeros(3), np.zeros(3))).shape[1] == 1440


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError) as caught:
        map_png(X, Y)
    assert str(caught.value).startswith(
        "a picture of a map needs matplotlib, which is part of the extra 'map' of galsearch and is "
        "not installed ("
    )
