"""Queries: the neighbours of a galaxy, position, name, vector or set of examples."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from galsearch.core.target_id import TargetId
from galsearch.formats import TableFormat
from galsearch.http.answers.answer_models import ERRORS, QueryAnswer
from galsearch.http.answers.joined_queries import StoredQuery, is_joined
from galsearch.http.answers.query_answer import Answered, query_answers
from galsearch.http.answers.table_answer import MEDIA_TYPES, table_response, wanted_format
from galsearch.http.routes.url_route import UrlRoute
from galsearch.http.state.served_index import ServedIndex
from galsearch.http.state.service_state import ServiceState, state_of
from galsearch.http.words.object_name import position_of_name
from galsearch.http.words.query_request import FormatWord, InputFields, QueryBody, QueryFields

router = APIRouter(prefix="/v1", tags=["query"], route_class=UrlRoute)
_FILES: dict[str, Any] = {media_type: {} for media_type in MEDIA_TYPES.values()}
RESPONSES: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    200: {"model": QueryAnswer, "content": _FILES, "description": "The neighbours."},
}


@router.get("/query", responses=RESPONSES)
async def query(request: Request, fields: Annotated[QueryFields, Query()]) -> Response:
    """The galaxies most similar to one galaxy or to a set of examples."""
    state = state_of(request)
    return await _answer(request, fields, fields.words(state.limits), fields.format)


@router.post("/query", responses=RESPONSES)
async def query_of_body(
    request: Request,
    fields: QueryBody,
    format: FormatWord | None = None,  # noqa: A002 (the word of the command line)
) -> Response:
    """The galaxies most similar to one galaxy, vector or set of examples."""
    state = state_of(request)
    return await _answer(request, fields, fields.words(state.limits), format)


async def _answer(
    request: Request, fields: InputFields, words: dict[str, Any], named_format: str | None
) -> Response:
    state = state_of(request)
    served = state.indexes.get(fields.index)
    wanted = wanted_format(named_format, request.headers.get("accept", ""))
    if wanted is None and not fields.is_slow() and is_joined(words):
        asked = StoredQuery(served, TargetId(words["target_id"]), words, fields.facets)
        return Response(await state.stored_queries.run(asked), media_type="application/json")
    is_slow = fields.is_slow() or words["k"] > 200 or words.get("ids") is not None
    is_slow |= words["name"] is not None or words["like"] is not None
    pool = state.slow if is_slow else state.quick
    return await pool.run(lambda: _found(state, served, words, wanted, fields.facets))


def _found(
    state: ServiceState,
    served: ServedIndex,
    words: dict[str, Any],
    wanted: TableFormat | None,
    facets: bool,
) -> Response:
    start = time.perf_counter()
    target_id = words["target_id"]
    asked = {name: value for name, value in words.items() if name != "target_id"}
    if words["name"] is not None and words["position"] is None:
        asked |= {"name": None, "position": position_of_name(words["name"], state.settings)}
    neighbours = served.engine.query(target_id, **asked)
    seconds = time.perf_counter() - start
    if wanted is not None:
        rows = neighbours.rows()
        name = f"galsearch-{served.name}-{neighbours.query_target_id or 'query'}"
        return table_response(rows.schema(links=True), rows.tables(links=True), wanted, name)
    answered = Answered(neighbours, words, facets)
    (text,) = query_answers(served, [answered], seconds)
    return Response(text, media_type="application/json")
