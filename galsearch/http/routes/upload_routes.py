"""Queries with an uploaded image or spectrum."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from galsearch.formats import TableFormat
from galsearch.http.answers.query_answer import Answered, query_answers
from galsearch.http.answers.table_answer import table_response, wanted_format
from galsearch.http.routes.query_routes import RESPONSES
from galsearch.http.state.served_index import ServedIndex
from galsearch.http.state.service_state import state_of
from galsearch.http.uploads.uploaded_file import EmbeddedFile
from galsearch.http.words.upload_request import UploadFields

router = APIRouter(prefix="/v1", tags=["query"])


@router.post("/query/upload", responses=RESPONSES)
async def query_of_file(
    request: Request, fields: Annotated[UploadFields, Form(media_type="multipart/form-data")]
) -> Response:
    """The galaxies most similar to an uploaded image or spectrum."""
    state = state_of(request)
    served = state.indexes.get(fields.index)
    words = fields.words(state.limits)
    wanted = wanted_format(fields.format, request.headers.get("accept", ""))
    uploaded = fields.uploaded(await fields.file.read())
    file = await state.uploads.run(lambda: state.embedding.embed(uploaded))
    pool = state.slow if fields.is_slow() or words["k"] > 200 else state.quick
    return await pool.run(lambda: _found(served, file, words, wanted, fields.facets))


def _found(
    served: ServedIndex,
    file: EmbeddedFile,
    words: dict[str, Any],
    wanted: TableFormat | None,
    facets: bool,
) -> Response:
    start = time.perf_counter()
    neighbours = served.engine.query(**words, **file.query_words())
    seconds = time.perf_counter() - start
    if wanted is not None:
        rows = neighbours.rows()
        name = f"galsearch-{served.name}-upload"
        return table_response(rows.schema(links=True), rows.tables(links=True), wanted, name)
    answered = Answered(neighbours, words, facets, file.modality.value)
    (text,) = query_answers(served, [answered], seconds)
    return Response(text, media_type="application/json")
