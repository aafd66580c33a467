"""The tools: each reads the fields of a call, asks the library and gives a JSON object."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from galsearch.analysis import explain, iterate_estimates
from galsearch.analysis.bank.property_labels import column_names
from galsearch.core.errors import QueryError
from galsearch.http.answers.answer_models import DescribeAnswer, EstimateAnswer, QueryAnswer
from galsearch.http.answers.describe_answer import describe_answer
from galsearch.http.answers.estimate_answer import estimate_answer
from galsearch.http.answers.query_answer import Answered, query_answers
from galsearch.http.state.served_index import ServedIndex, ServedIndexes
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.http.words.object_name import named_galaxy, position_of_name
from galsearch.mcp.tool_fields import (
    LIMITS,
    DescribeToolFields,
    EstimateToolFields,
    ExplainToolAnswer,
    ExplainToolFields,
    QueryToolFields,
)
from galsearch.query.where.expression import unknown_column

ALWAYS_SHOWN = ("rank", "target_id", "similarity", "ra_deg", "dec_deg", "z", "links")
"""Fields of a neighbour that are in every answer."""


@dataclass(frozen=True)
class OpenIndexes:
    """The indexes that the tools read, and how names are looked up."""

    indexes: ServedIndexes
    settings: ServiceSettings

    @classmethod
    def opened(cls, settings: ServiceSettings) -> "OpenIndexes":
        """The indexes of some settings, opened."""
        return cls(ServedIndexes(settings), settings)


@dataclass(frozen=True)
class ToolDefinition:
    """A tool: its name, what it is for, its fields and its answer."""

    name: str
    description: str
    fields: type[BaseModel]
    answer: type[BaseModel]
    call: Callable[[OpenIndexes, Any], dict[str, Any]]


def describe(opened: OpenIndexes, _: DescribeToolFields) -> dict[str, Any]:
    """The indexes: galaxies, modalities, columns with their units and ranges, measured recall."""
    found: dict[str, Any] = json.loads(describe_answer(opened.indexes, LIMITS))
    return {**found, "uploads": False}


def query(opened: OpenIndexes, fields: QueryToolFields) -> dict[str, Any]:
    """The galaxies most similar to one galaxy, file, vector or set of examples."""
    served, words = opened.indexes.get(fields.index), fields.words(LIMITS)
    start, asked = time.perf_counter(), dict(words)
    if words["name"] is not None and words["position"] is None:
        asked |= {"name": None, "position": position_of_name(words["name"], opened.settings)}
    if words["image"] is not None or words["spectrum"] is not None:
        asked["encoder"] = opened.settings.encoder
    _require_columns(served, fields.columns)
    neighbours = served.engine.query(asked.pop("target_id"), **asked)
    seconds = time.perf_counter() - start
    answered = Answered(neighbours, words, fields.facets)
    (text,) = query_answers(served, [answered], seconds)
    found: dict[str, Any] = json.loads(text)
    if fields.columns is not None:
        shown = {*ALWAYS_SHOWN, *fields.columns}
        found["neighbours"] = [_only(row, shown) for row in found["neighbours"]]
    return found


def _only(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in names}


def _require_columns(served: ServedIndex, columns: list[str] | None) -> None:
    """Check that the catalogue has the columns that are wanted."""
    if columns is None:
        return
    names = column_names(served.engine.index)
    for name in columns:
        if name not in names:
            raise QueryError(f"columns: {unknown_column(name, names)}")


def estimate(opened: OpenIndexes, fields: EstimateToolFields) -> dict[str, Any]:
    """Properties of a stored galaxy with calibrated intervals, from its labelled neighbours."""
    served = opened.indexes.get(fields.index)
    target_id = named_galaxy(served.engine, fields, opened.settings)
    estimation = fields.estimation(target_id, served.engine, LIMITS)
    estimators = served.estimators.estimators(estimation)
    (found,) = iterate_estimates(estimation, estimators=estimators)
    answer: dict[str, Any] = json.loads(estimate_answer(found, estimation.property, served.name))
    return answer


def explanation(opened: OpenIndexes, fields: ExplainToolFields) -> dict[str, Any]:
    """The parts of two images or spectra that carry their similarity. It takes some seconds."""
    served = opened.indexes.get(fields.index)
    encoder = opened.settings.encoder
    chosen: dict[str, Any] = {} if encoder is None else {"encoder": encoder}
    found = explain(
        fields.a,
        fields.b,
        using=fields.using,
        among=fields.among,
        index=served.engine,
        dataset=opened.settings.datasets.get(served.name),
        **chosen,
    )
    rows = [row for row in found.to_arrow().to_pylist() if row["rank"] <= fields.top]
    for row in rows:
        row["target_id"] = None if row["target_id"] is None else str(row["target_id"])
    parts = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return {"similarity": found.similarity, "parts": parts, "notes": list(found.notes)}


TOOLS: Mapping[str, ToolDefinition] = {
    tool.name: tool
    for tool in (
        ToolDefinition(
            "describe",
            "Describe the indexes of galaxies: number, columns with units and ranges, recall. Call "
            "it first.",
            DescribeToolFields,
            DescribeAnswer,
            describe,
        ),
        ToolDefinition(
            "query",
            "Find the galaxies whose images or spectra are most similar to a galaxy (target_id, "
            "position or name), to a file, to a vector or to examples. TARGETIDs are texts.",
            QueryToolFields,
            QueryAnswer,
            query,
        ),
        ToolDefinition(
            "estimate",
            "Estimate properties (columns of the catalogue) of a galaxy from similar labelled "
            "galaxies, with calibrated 68 and 95 per cent intervals. z, stellar_mass, age, "
            "metallicity, ssfr and morphology that the catalogue lacks come from simulated "
            "galaxies; the notes say so.",
            EstimateToolFields,
            EstimateAnswer,
            estimate,
        ),
        ToolDefinition(
            "explain",
            "Explain a similarity: which patches of an image, and which stretches and lines of a "
            "spectrum, carry the similarity of two galaxies.",
            ExplainToolFields,
            ExplainToolAnswer,
            explanation,
        ),
    )
}
"""All tools by name."""
