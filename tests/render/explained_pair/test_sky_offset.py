"""Offsets on the sky have the names of their directions."""

import pytest

from galsearch.render.explained_pair.sky_offset import offset_text


@pytest.mark.parametrize(
    ("east", "north", "text"),
    [(1.25, 3.0, "1.2 east, 3.0 north"), (-0.26, -11.004, "0.3 west, 11.0 south")],
)
def test_an_offset_names_its_directions(east: float, north: float, text: str) -> None:
    assert offset_text(east, north) == text
