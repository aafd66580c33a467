"""The fields of the tools, in the words of `Query`, with files of the machine it runs on."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from galsearch.http.state.service_settings import Limits
from galsearch.http.words.estimate_request import EstimateFields
from galsearch.http.words.query_request import QueryBody, TargetIdWord, word

MOST_ROWS = 200
"""Largest number of neighbours of an answer, which a language model reads as a whole."""
LIMITS = Limits(rows=MOST_ROWS, examples=100, ids=10_000, diverse_rows=MOST_ROWS)
"""Limits of one call."""


class QueryToolFields(QueryBody):
    """A query: what is searched for, and which neighbours are wanted."""

    image: str | None = Field(
        None, description="Path of an image of one's own: FITS cutout, viewer JPEG or .npy."
    )
    spectrum: str | None = Field(
        None, description="Path of a spectrum of one's own: DESI coadd, SDSS, CSV, ECSV or .npy."
    )
    pixel_scale: float | None = word("pixel_scale")
    air: bool = word("air", False)
    columns: Annotated[list[str], Field(max_length=100)] | None = Field(
        None, description="Catalogue columns of the neighbours; all of them by default."
    )

    def words(self, limits: Limits = LIMITS) -> dict[str, Any]:
        """The arguments of `SearchEngine.query`; see `ChoiceFields.choice`."""
        return {
            **super().words(limits),
            "image": self.image,
            "spectrum": self.spectrum,
            "pixel_scale": self.pixel_scale,
            "air": self.air,
        }


class EstimateToolFields(EstimateFields):
    """Properties that are wanted of one stored galaxy."""


class DescribeToolFields(BaseModel):
    """No fields: all indexes are described."""

    model_config = ConfigDict(extra="forbid")


class ExplainToolFields(BaseModel):
    """Two galaxies whose similarity is explained."""

    model_config = ConfigDict(extra="forbid")

    a: TargetIdWord = Field(description="TARGETID as text, or the path of a file of one's own.")
    b: TargetIdWord = Field(description="TARGETID as text, or the path of a file of one's own.")
    using: Literal["image", "spectrum"] = Field("image", description="Modality of a.")
    among: Literal["image", "spectrum"] = Field("image", description="Modality of b.")
    top: int = Field(6, ge=1, le=64, description="Number of parts of each kind in the answer.")
    index: str | None = Field(None, description="Name of an index; by default the first one.")


class Part(BaseModel):
    """A patch, stretch or line, and the fall of the cosine when it is removed."""

    model_config = ConfigDict(extra="allow")

    galaxy: str = Field(description="A or B.")
    part: str = Field(description="patch, stretch or line.")
    rank: int
    contribution: float


class ExplainToolAnswer(BaseModel):
    """The parts of two galaxies that carry their similarity."""

    similarity: float
    parts: list[Part]
    notes: list[str]
