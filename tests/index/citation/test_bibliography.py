"""Every entry of the bibliography is complete BibTeX, and can be looked up."""

import re

import pytest

from galsearch.index.citation.bibliography import (
    acknowledgement,
    parse_bibtex,
    references,
    software_entry,
)

ALL = references()


@pytest.mark.parametrize("key", ALL)
def test_an_entry_is_complete(key: str) -> None:
    reference = ALL[key]
    assert {"author", "title", "journal", "year"} <= reference.fields.keys()
    assert reference.bibtex.count("{") == reference.bibtex.count("}")
    assert reference.bibtex.isascii(), "LaTeX of any age reads it"
    assert re.fullmatch(r"(19|20)\d\d", reference.fields["year"])
    assert key.endswith(reference.fields["year"])
    assert "doi" in reference.fields or "eprint" in reference.fields
    assert re.fullmatch(r"10\.\d{4,5}/\S+", reference.fields.get("doi", "10.1093/x"))
    assert re.fullmatch(r"\d{4}\.\d{4,5}", reference.fields.get("eprint", "2001.00001"))
    lines = reference.bibtex.splitlines()
    assert len(reference.fields) == len(lines) - 2, "every line between the braces is a field"
    assert all(line.endswith(",") for line in lines[:-2])
    assert not lines[-2].endswith(",")


def test_the_file_holds_nothing_but_entries() -> None:
    from importlib import resources

    text = (resources.files("galsearch.index.citation") / "references.bib").read_text("utf-8")
    assert text == "\n\n".join(each.bibtex for each in ALL.values()) + "\n"
    assert list(parse_bibtex(text)) == list(ALL)


def test_a_work_is_shown_in_one_line() -> None:
    assert str(ALL["Parker2024"]) == (
        "Parker et al. 2024, AstroCLIP: a cross-modal foundation model for galaxies, "
        "https://doi.org/10.1093/mnras/stae1450"
    )
    assert str(ALL["DESI2026"]) == (
        "DESI Collaboration et al. 2026, Data Release 1 of the Dark Energy Spectroscopic "
        "Instrument, https://doi.org/10.3847/1538-3881/ae4c43"
    )
    assert str(ALL["Douze2024"]).endswith(", The Faiss library, https://arxiv.org/abs/2401.08281")
    assert str(software_entry("1.2")) == (
        "The galsearch developers, galsearch: cross-modal similarity search for galaxies, "
        "https://github.com/galsearch/galsearch"
    )


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("desi", "This research used data obtained with", "any of the listed funding agencies."),
        ("legacy_surveys", "The Legacy Surveys consist of", "odham Nation."),
    ],
)
def test_acknowledgements_are_whole(name: str, first: str, last: str) -> None:
    text = acknowledgement(name)
    assert text.startswith(first)
    assert text.endswith(last)
