"""The map of an index, which a browser keeps until the index changes."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from galsearch.core.modality import Modality
from galsearch.http.answers.answer_models import ERRORS
from galsearch.http.answers.map_answer import map_answer, map_digest
from galsearch.http.state.service_state import state_of

router = APIRouter(prefix="/v1", tags=["map"], responses=ERRORS)
_ASK_FIRST = "private, no-cache"
_BINARY = "application/octet-stream"


@router.get(
    "/map",
    responses={
        200: {"content": {_BINARY: {}}, "description": "Arrays after a JSON object."},
        304: {"description": "The map is the one with the digest in If-None-Match."},
    },
    response_class=Response,
)
async def map_of_index(
    request: Request,
    index: str | None = None,
    using: Modality | None = None,
    column: Annotated[
        str | None, Query(max_length=200, description="Column of the levels; default: z.")
    ] = None,
) -> Response:
    """Position in two dimensions, TARGETID and level of a column of each galaxy of an index."""
    state = state_of(request)
    served = state.indexes.get(index)
    etag = f'"{map_digest(served, using, column)}"'
    headers = {"Cache-Control": _ASK_FIRST, "ETag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    most = state.limits.map_galaxies
    body = await state.slow.run(lambda: map_answer(served, using, column, most))
    return Response(body, headers=headers, media_type=_BINARY)
