"""An explanation in words names the first parts with their places, and says how it was tested."""

from galsearch.analysis.explanation.explanation_words import notes, removal_in_words, summary
from tests.analysis.explanation.explained import explained_image, explained_spectrum


def test_the_table_names_patches_with_their_places() -> None:
    explained = explained_image()
    lines = summary(explained, 2).splitlines()
    fall = f"{explained.parts['contribution'].max():+.4f}"
    assert lines[:3] == [
        "A: image of the image",
        "rank  part         fall  place",
        f"   1  patch     {fall}  pixel (105.5, 9.5), 7.9 west, 17.3 south (arcsec)",
    ]
    assert len(lines) == 4


def test_the_table_names_lines_with_their_wavelengths() -> None:
    explained = explained_spectrum()
    lines = summary(explained, 1).splitlines()
    assert lines[0] == "B: spectrum of the spectrum"
    assert "Angstrom" in lines[2]
    assert lines[3].endswith("Hα + [N II]: 7181 to 7268 Angstrom, 6528 to 6607 at rest"), lines[3]


def test_notes_say_how_the_explanation_was_tested() -> None:
    explained = explained_spectrum()
    test = explained.test
    sentence = (
        "the similarity is 0.975; without the 6 stretches that are named first it is "
        f"{test.named:.3f}, without as many random ones {test.random:.3f} on average."
    )
    assert removal_in_words(explained, 0.9751) == sentence
    assert (
        notes(explained, 0.9751)
        == [
            f"B, the spectrum: {sentence}",
            "B: redshift 0.1000 from the catalogue.",
            "the spectrum states no errors; they are estimated from the scatter of pixels.",
        ][: 2 + len(explained.galaxy.own.notes)]
    )
    unknown = notes(explained_spectrum(float("nan")), 0.9)
    assert unknown[1] == "B: the redshift is not known, so that no line is named."
