"""Models of the answers, from which the OpenAPI document is made; they convert nothing."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ErrorAnswer(BaseModel):
    """The answer to a request that got no result."""

    code: str = Field(description="Stable name of the kind of error.")
    message: str = Field(description="What was requested and what was found.")
    remedy: str = Field(description="What to do with the request.")
    request_id: str = Field(description="Text by which the log of the service knows the request.")


class Neighbour(BaseModel):
    """A galaxy that was found, with all columns of the catalogue."""

    model_config = ConfigDict(extra="allow")

    rank: int = Field(description="1 for the most similar galaxy.")
    target_id: str
    similarity: float = Field(description="Cosine between the embeddings, -1 to 1.")
    ra_deg: float | None
    dec_deg: float | None
    z: float | None
    links: dict[str, str] = Field(description="Pages about the galaxy elsewhere.")


class QueryGalaxy(BaseModel):
    """The galaxy that a query is about, with all columns of the catalogue where it is stored."""

    model_config = ConfigDict(extra="allow")

    target_id: str | None
    separation_arcsec: float | None = Field(
        None, description="Distance from the position that was sent."
    )
    modality: str | None = Field(None, description="Modality of an uploaded file.")


class Count(BaseModel):
    """Number of neighbours with a value, or in a bin of redshift (from <= z < to)."""

    model_config = ConfigDict(extra="allow")

    count: int


class QueryAnswer(BaseModel):
    """The neighbours of one query."""

    index: str
    query: QueryGalaxy
    using: str
    among: str
    k: int
    offset: int
    exact: bool = Field(description="True where every stored vector was compared.")
    neighbours: list[Neighbour]
    facets: dict[str, list[Count]] | None
    notes: list[str]
    seconds: float


class Galaxy(BaseModel):
    """A stored galaxy with all columns of the catalogue."""

    model_config = ConfigDict(extra="allow")

    target_id: str
    ra_deg: float | None
    dec_deg: float | None
    z: float | None
    links: dict[str, str] = Field(description="Pages about the galaxy elsewhere.")


class SpectrumAnswer(BaseModel):
    """The spectrum of a galaxy in bins; null where nothing was measured."""

    target_id: str
    z: float | None
    wavelength_angstrom: list[float]
    flux: list[float | None] = Field(description="1e-17 erg / (s cm2 Angstrom)")
    error: list[float | None]


class Estimate(BaseModel):
    """An estimated property; numbers have intervals, classes have probabilities."""

    model_config = ConfigDict(extra="allow")

    property: str
    value: float | str | bool | None
    low: float | None = Field(None, description="Lower end of the interval of 68 per cent.")
    high: float | None = Field(None, description="Upper end of the interval of 68 per cent.")
    low_95: float | None = None
    high_95: float | None = None
    set_95: str | None = Field(None, description="Classes that hold the true one, between |.")
    probabilities: dict[str, float] | None = None
    agreement: float | None
    outside_bank: bool = Field(description="True where the galaxy is unlike the labelled ones.")
    unreliable: bool = Field(
        description="True where the neighbours are unusually far or differ unusually much."
    )


class EstimateAnswer(BaseModel):
    """Estimated properties of one galaxy."""

    index: str
    target_id: str | None = Field(description="Null for an uploaded file that names no galaxy.")
    estimates: list[Estimate]
    notes: list[str]


class Column(BaseModel):
    """A column of the catalogue."""

    name: str
    type: str = Field(description="number, integer, text, boolean, time or other")
    unit: str
    description: str
    minimum: Any = None
    maximum: Any = None
    values: list[dict[str, Any]] | None = Field(
        None, description="Each value with its number of galaxies, where there are few."
    )


class IndexAnswer(BaseModel):
    """An index that the service answers from."""

    name: str
    galaxies: int
    modalities: dict[str, int]
    recall: list[dict[str, Any]]
    columns: list[Column]
    thumbnails: bool
    spectra: bool
    map: bool
    maps: list[str] = Field(description="Modalities of the maps that GET /v1/map sends.")
    model: str = Field(description="Short form of the fingerprint of the encoder.")
    promised: str = Field(description="What the build promises of its recall, in a sentence.")


class DescribeAnswer(BaseModel):
    """Description of the indexes of a service and of its limits."""

    version: str
    indexes: list[IndexAnswer]
    limits: dict[str, float]
    uploads: bool


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": description}
    for status, description in {
        400: "The request cannot be answered as it is.",
        401: "The token is missing.",
        404: "There is no such galaxy, modality or index.",
        408: "The body of the request arrived too slowly.",
        413: "The body of the request is too large.",
        422: "A field is unknown or of another type.",
        429: "Too many requests are being answered.",
        503: "The answer takes too long.",
    }.items()
}
"""Answers that every route under /v1 may give."""
