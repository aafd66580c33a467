"""The fields of a query over HTTP, and the arguments of the library that they become.

No field is a path: files are uploaded, and what is not stored in the index comes in the request.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from galsearch.core.errors import QueryError
from galsearch.formats import TableFormat
from galsearch.http.state.service_settings import Limits
from galsearch.http.words.word_descriptions import query_words

ModalityWord = Literal["image", "spectrum", "both"]
TargetIdWord = Annotated[str | int, Field(union_mode="left_to_right")]
"""A TARGETID as text; a JSON number is accepted, although most programs round it."""
IdList = list[TargetIdWord]
FormatWord = Literal["json", "jsonl", "csv", "parquet", "fits", "ecsv", "votable"]
assert {*TableFormat} | {"json"} == {*FormatWord.__args__}  # type: ignore[attr-defined]  # noqa: S101


def word(name: str, default: Any = None, more: str = "") -> Any:
    """A field with the description that `Query` has of its argument."""
    return Field(default, description=f"{query_words()[name]} {more}".strip())


class ChoiceFields(BaseModel):
    """Fields that say which neighbours are wanted, whatever the query is."""

    model_config = ConfigDict(extra="forbid")

    index: str | None = Field(None, description="Name of an index; by default the first one.")
    among: ModalityWord = word("among", "image")
    k: int | None = word("k")
    offset: int = word("offset", 0)
    page: int | None = Field(
        None, description="Number of the page of k neighbours, from 1; in place of offset."
    )
    min_similarity: float | None = word("min_similarity")
    exclude_within: float | None = word("exclude_within")
    one_per: str | None = word("one_per")
    diversity: float | None = word("diversity")
    n_probe: int | None = word("n_probe")
    exact: bool = word("exact", False)
    where: str | None = word("where")
    facets: bool = Field(True, description="Count classes and redshifts of the neighbours.")

    def choice(self, limits: Limits) -> dict[str, Any]:
        """The arguments of the library, within the limits of the service.

        Raises
        ------
        QueryError
            Where a field is beyond a limit, or contradicts another one.
        """
        k, offset = self._page(limits)
        return {
            "among": self.among,
            "k": k,
            "offset": offset,
            "min_similarity": self.min_similarity,
            "exclude_within": self.exclude_within,
            "one_per": self.one_per,
            "diversity": self.diversity,
            "n_probe": self.n_probe,
            "exact": self.exact,
            "where": self._where(limits),
        }

    def is_slow(self) -> bool:
        """True for a query that may take much longer than most."""
        options = (self.min_similarity, self.one_per, self.diversity, self.where, self.n_probe)
        return self.exact or any(option is not None for option in options)

    def _page(self, limits: Limits) -> tuple[int, int]:
        """Number of neighbours, and of those that are skipped."""
        k = self.k
        if k is None:
            k = 10 if self.min_similarity is None else limits.rows
        offset = self.offset
        if self.page is not None:
            if offset:
                raise QueryError("the query has a page and an offset; expected one of them.")
            if self.page < 1:
                raise QueryError(f"page is {self.page}; expected a whole number, 1 or more.")
            offset = (self.page - 1) * k
        most = limits.rows if self.diversity is None else limits.diverse_rows
        if k + max(offset, 0) > most:
            found = f"{k + offset:,}" if k + offset < 10**15 else "more"
            beside = "" if self.diversity is None else " beside diversity"
            raise QueryError(
                f"k + offset is {found}; the service finds {most:,} galaxies at most{beside}."
            )
        return k, offset

    def _where(self, limits: Limits) -> str | None:
        if self.where is not None and len(self.where) > limits.where_characters:
            raise QueryError(
                f"where has {len(self.where):,} characters; the service reads "
                f"{limits.where_characters:,}."
            )
        return self.where


class InputFields(ChoiceFields):
    """Fields that say what is searched for, beside those of the neighbours that are wanted."""

    target_id: TargetIdWord | None = Field(
        None, description="DESI TARGETID of the query galaxy, as text of decimal digits."
    )
    radius: float = word("radius", 3.0)
    name: str | None = Field(None, description="Name of the query galaxy.", max_length=200)
    using: ModalityWord | None = word("using")


class QueryFields(InputFields):
    """A query in the fields of a URL; lists are separated by commas."""

    position: str | None = word("position", more="Here a text.")
    like: str | None = word("like", more="Separated by commas.")
    unlike: str | None = word("unlike", more="Separated by commas.")
    within: str | None = word("within", more="RA_DEG,DEC_DEG,RADIUS_ARCMIN.")
    format: FormatWord | None = Field(
        None, description="Format of the answer; by default that of the header Accept, or json."
    )

    def words(self, limits: Limits) -> dict[str, Any]:
        """The arguments of `SearchEngine.query`; see `ChoiceFields.choice`."""
        return {
            **self.choice(limits),
            "target_id": self.target_id,
            "position": self.position,
            "radius": self.radius,
            "name": self.name,
            "like": bounded_ids(_split(self.like), "like", limits.examples),
            "unlike": bounded_ids(_split(self.unlike), "unlike", limits.examples),
            "using": self.using,
            "within": cone(self.within),
        }


class QueryBody(InputFields):
    """A query in a JSON object."""

    position: str | tuple[float, float] | None = word("position", more="A text or a pair.")
    like: IdList | None = word("like")
    unlike: IdList | None = word("unlike")
    vector: Annotated[list[float], Field(max_length=16_384)] | None = word("vector")
    fingerprint: str | None = word("fingerprint")
    within: tuple[float, float, float] | None = word(
        "within", more="Right ascension and declination in degrees, radius in arcminutes."
    )
    ids: IdList | None = word("ids")

    def words(self, limits: Limits) -> dict[str, Any]:
        """The arguments of `SearchEngine.query`; see `ChoiceFields.choice`."""
        return {
            **self.choice(limits),
            "target_id": self.target_id,
            "position": self.position,
            "radius": self.radius,
            "name": self.name,
            "like": bounded_ids(self.like, "like", limits.examples),
            "unlike": bounded_ids(self.unlike, "unlike", limits.examples),
            "vector": self.vector,
            "fingerprint": self.fingerprint,
            "using": self.using,
            "within": self.within,
            "ids": bounded_ids(self.ids, "ids", limits.ids),
        }


def cone(text: str | None) -> tuple[float, float, float] | None:
    """The three numbers of a cone in a text; None without a text.

    Raises
    ------
    QueryError
        Where there are not three numbers.

    Examples
    --------
    >>> cone("150.1,2.2,30")
    (150.1, 2.2, 30.0)
    """
    if text is None:
        return None
    try:
        ra_deg, dec_deg, radius_arcmin = (float(part) for part in text.split(","))
    except ValueError:
        raise QueryError(
            f"within is {text[:100]!r}; expected three numbers between commas: right ascension and "
            "declination in degrees, radius in arcminutes."
        ) from None
    return ra_deg, dec_deg, radius_arcmin


def bounded_ids(ids: IdList | None, name: str, most: int) -> IdList | None:
    """TARGETIDs of a request, if they are not too many.

    Raises
    ------
    QueryError
        Where there are more than `most`.
    """
    if ids is not None and len(ids) > most:
        raise QueryError(f"{name} has {len(ids):,} TARGETIDs; the service reads {most:,}.")
    return ids


def _split(text: str | None) -> IdList | None:
    return None if text is None else list[TargetIdWord](text.replace(",", " ").split())
