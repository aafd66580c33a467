"""The bibliography of galsearch: BibTeX entries and acknowledgements, which are files beside it.

Every entry has the fields of the published record. An entry without a DOI has none on record here;
none may be made up.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

_ENTRY = re.compile(r"^@(\w+)\{([\w-]+),\n(.*?)^\}", re.M | re.S)
_FIELD = re.compile(r"^  (\w+) = \{(.*)\},?$", re.M)


@dataclass(frozen=True)
class Reference:
    """One entry of the bibliography."""

    key: str
    bibtex: str
    """The whole entry, from its @ to its closing brace."""
    fields: dict[str, str]
    """Values of the entry by name, without their outer braces."""

    def __str__(self) -> str:
        """Author, year, title and where the work is found, in one line."""
        author = self.fields["author"].split(" and ")[0]
        family = author.strip("{}") if author.startswith("{") else author.split(",")[0]
        several = " et al." if " and " in self.fields["author"] else ""
        title = re.sub("[{}]", "", self.fields["title"])
        year = f" {self.fields['year']}" if "year" in self.fields else ""
        return f"{family}{several}{year}, {title}, {self.url}"

    @property
    def url(self) -> str:
        """Address of the work."""
        if "doi" in self.fields:
            return f"https://doi.org/{self.fields['doi']}"
        if "eprint" in self.fields:
            return f"https://arxiv.org/abs/{self.fields['eprint']}"
        return self.fields["url"]


def parse_bibtex(text: str) -> dict[str, Reference]:
    r"""The entries of a BibTeX file with one field a line, by their keys.

    Examples
    --------
    >>> text = "@article{A1,\n  author = {Ada, B. and others},\n  title = {On {X}},\n"
    >>> print(parse_bibtex(text + "  year = {2020},\n  doi = {10.1/2}\n}")["A1"])
    Ada et al. 2020, On X, https://doi.org/10.1/2
    """
    return {
        match[2]: Reference(match[2], match[0], dict(_FIELD.findall(match[3])))
        for match in _ENTRY.finditer(text)
    }


@cache
def references() -> dict[str, Reference]:
    """The works that an index may rest on, by their keys."""
    return parse_bibtex(_read("references.bib"))


def software_entry(version: str) -> Reference:
    """The entry of galsearch itself."""
    lines = (
        "@software{galsearch,",
        "  author = {{The galsearch developers}},",
        "  title = {galsearch: cross-modal similarity search for galaxies},",
        f"  version = {{{version}}},",
        "  url = {https://github.com/galsearch/galsearch}",
        "}",
    )
    text = "\n".join(lines)
    return Reference("galsearch", text, dict(_FIELD.findall(text)))


def acknowledgement(name: str) -> str:
    """The acknowledgement that a survey asks for, word for word: `desi` or `legacy_surveys`."""
    return _read(f"acknowledgements/{name}.txt").strip()


def _read(name: str) -> str:
    return (resources.files("galsearch.index.citation") / name).read_text("utf-8")
