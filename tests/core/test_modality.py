"""One modality, or both together."""

from galsearch.core.modality import DIRECTIONS, Both, Modality, modalities_of


def test_both_stands_for_the_two_modalities() -> None:
    assert modalities_of(Both.BOTH) == (Modality.IMAGE, Modality.SPECTRUM)
    assert modalities_of(Modality.SPECTRUM) == (Modality.SPECTRUM,)
    assert "both" not in set(Modality)
    assert len(DIRECTIONS) == 4
