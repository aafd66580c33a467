"""Simple Cone Search 1.03 of the Virtual Observatory, for TOPCAT, Aladin and PyVO."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from galsearch.core.errors import GalsearchError
from galsearch.http.answers.cone_answer import MEDIA_TYPE, cone_answer, cone_error
from galsearch.http.refusals.error_answers import status_of
from galsearch.http.refusals.refusal import Refusal
from galsearch.http.state.service_state import state_of
from galsearch.http.words.cone_request import cone_request

router = APIRouter(prefix="/v1", tags=["cone search"])
_DEGREES = {"type": "number"}
_PARAMETERS: list[dict[str, Any]] = [
    {"name": "RA", "in": "query", "required": True, "schema": _DEGREES},
    {"name": "DEC", "in": "query", "required": True, "schema": _DEGREES},
    {"name": "SR", "in": "query", "required": True, "schema": _DEGREES},
    {"name": "VERB", "in": "query", "schema": {"type": "integer", "enum": [1, 2, 3]}},
    {"name": "MAXREC", "in": "query", "schema": {"type": "integer", "minimum": 0}},
    {"name": "index", "in": "query", "schema": {"type": "string"}},
]


@router.get(
    "/cone",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "A VOTable."}},
    openapi_extra={"parameters": _PARAMETERS},
)
async def cone(request: Request) -> Response:
    """The galaxies within SR degrees of a position. An error is a VOTable too."""
    state = state_of(request)
    try:
        parameters = dict(request.query_params)
        served = state.indexes.get(parameters.get("index"))
        wanted = cone_request(parameters)
        pool = state.quick if wanted.radius_deg < 1 else state.slow
        body = await pool.run(lambda: cone_answer(served, wanted, state.limits.rows))
    except GalsearchError as error:
        if status_of(error) >= 500:
            raise
        body = cone_error(str(error))
    except Refusal as refusal:
        if refusal.status_code != 404:
            raise
        body = cone_error(refusal.message)
    return Response(body, headers={"Content-Type": MEDIA_TYPE})
