"""The test of an explanation is shown with the numbers of its parts."""

from galsearch.render.explained_pair.drawn_parts import DrawnTest


def test_the_test_has_a_line_for_each_similarity() -> None:
    assert DrawnTest(0.9481, 6, -0.3, 0.94).lines("patches") == [
        ("similarity", "0.948"),
        ("without the first 6 patches", "-0.300"),
        ("without 6 random patches, on average", "0.940"),
    ]
