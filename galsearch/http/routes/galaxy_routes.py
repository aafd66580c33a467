"""Stored galaxies: their catalogue columns, thumbnails and spectra, and what the service holds."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from galsearch.core.target_id import TargetId
from galsearch.http.answers.answer_models import ERRORS, DescribeAnswer, Galaxy, SpectrumAnswer
from galsearch.http.answers.describe_answer import describe_answer
from galsearch.http.answers.pixel_answers import spectrum_answer, thumbnail_answer
from galsearch.http.state.service_state import state_of

router = APIRouter(prefix="/v1", tags=["galaxies"], responses=ERRORS)
_JSON = "application/json"
_KEPT = {"Cache-Control": "private, max-age=3600"}
"""Pictures of a galaxy change with the dataset alone."""


@router.get("/describe", responses={200: {"model": DescribeAnswer}})
async def describe(request: Request) -> Response:
    """The indexes of the service with their columns and recall, and its limits."""
    state = state_of(request)
    body = await state.slow.run(lambda: describe_answer(state.indexes, state.limits))
    return Response(body, media_type=_JSON)


@router.get("/galaxies/{target_id}", responses={200: {"model": Galaxy}})
async def galaxy(request: Request, target_id: str, index: str | None = None) -> Response:
    """All catalogue columns of a galaxy."""
    state = state_of(request)
    served, wanted = state.indexes.get(index), TargetId(target_id)
    row = await state.quick.run(lambda: served.row(wanted))
    return Response(row, media_type=_JSON)


@router.get(
    "/galaxies/{target_id}/thumbnail.png",
    responses={200: {"content": {"image/png": {}}, "description": "The picture."}},
    response_class=Response,
)
async def thumbnail(
    request: Request, target_id: str, index: str | None = None, size: int | None = None
) -> Response:
    """A picture of a galaxy in the colours of the Legacy Surveys viewer, north up, east left."""
    state = state_of(request)
    served, wanted = state.indexes.get(index), TargetId(target_id)
    png = await state.pictures.run(lambda: thumbnail_answer(served, wanted, size))
    return Response(png, headers=_KEPT, media_type="image/png")


@router.get("/galaxies/{target_id}/spectrum", responses={200: {"model": SpectrumAnswer}})
async def spectrum(
    request: Request, target_id: str, index: str | None = None, bins: int | None = None
) -> Response:
    """The spectrum of a galaxy, as inverse-variance means in bins."""
    state = state_of(request)
    served, wanted = state.indexes.get(index), TargetId(target_id)
    body = await state.pictures.run(lambda: spectrum_answer(served, wanted, bins))
    return Response(body, headers=_KEPT, media_type=_JSON)
