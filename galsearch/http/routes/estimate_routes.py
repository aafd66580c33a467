"""Estimates of properties of a galaxy from its neighbours among labelled galaxies."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from galsearch.analysis.estimate import iterate_estimates
from galsearch.analysis.estimation import Estimation
from galsearch.formats import TableFormat
from galsearch.http.answers.answer_models import ERRORS, EstimateAnswer
from galsearch.http.answers.estimate_answer import estimate_answer
from galsearch.http.answers.table_answer import table_response, wanted_format
from galsearch.http.routes.url_route import UrlRoute
from galsearch.http.state.served_index import ServedIndex
from galsearch.http.state.service_state import ServiceState, state_of
from galsearch.http.words.estimate_request import EstimateFields, EstimateUploadFields
from galsearch.http.words.object_name import named_galaxy

router = APIRouter(prefix="/v1", tags=["estimate"], responses=ERRORS, route_class=UrlRoute)
_RESPONSES: dict[int | str, dict[str, Any]] = {200: {"model": EstimateAnswer}}


@router.get("/estimate", responses=_RESPONSES)
async def estimate(request: Request, fields: Annotated[EstimateFields, Query()]) -> Response:
    """Properties of a galaxy, with calibrated intervals. The first request calibrates."""
    return await _answer(request, fields)


@router.post("/estimate", responses=_RESPONSES)
async def estimate_of_body(request: Request, fields: EstimateFields) -> Response:
    """Properties of a galaxy, with calibrated intervals. The first request calibrates."""
    return await _answer(request, fields)


@router.post("/estimate/upload", responses=_RESPONSES)
async def estimate_of_file(
    request: Request,
    fields: Annotated[EstimateUploadFields, Form(media_type="multipart/form-data")],
) -> Response:
    """Properties of the galaxy in an uploaded image or spectrum, with calibrated intervals."""
    state = state_of(request)
    served = state.indexes.get(fields.index)
    wanted = wanted_format(fields.format, request.headers.get("accept", ""))
    uploaded = fields.uploaded(await fields.file.read())
    file = await state.uploads.run(lambda: state.embedding.embed(uploaded))
    return await state.slow.run(
        lambda: _answered(
            served, fields.estimation(file, served.engine, state.limits), wanted, "upload"
        )
    )


async def _answer(request: Request, fields: EstimateFields) -> Response:
    state = state_of(request)
    served = state.indexes.get(fields.index)
    wanted = wanted_format(fields.format, request.headers.get("accept", ""))
    return await state.slow.run(lambda: _estimated(state, served, fields, wanted))


def _estimated(
    state: ServiceState, served: ServedIndex, fields: EstimateFields, wanted: TableFormat | None
) -> Response:
    target_id = named_galaxy(served.engine, fields, state.settings)
    estimation = fields.estimation(target_id, served.engine, state.limits)
    return _answered(served, estimation, wanted, str(target_id))


def _answered(
    served: ServedIndex, estimation: Estimation, wanted: TableFormat | None, name: str
) -> Response:
    """The answer to a request to the library, whose estimators are calibrated once."""
    estimators = served.estimators.estimators(estimation)
    (found,) = iterate_estimates(estimation, estimators=estimators)
    if wanted is not None:
        table = found.to_arrow()
        return table_response(table.schema, [table], wanted, f"estimate-{served.name}-{name}")
    text = estimate_answer(found, estimation.property, served.name)
    return Response(text, media_type="application/json")
