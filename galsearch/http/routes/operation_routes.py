"""Health and readiness of the service, and its measurements."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from galsearch.http.refusals.refusal import Refusal
from galsearch.http.state.measurements import CONTENT_TYPE
from galsearch.http.state.service_state import state_of

router = APIRouter(tags=["operation"])


@router.get("/health")
async def health() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})


@router.get("/ready")
async def ready(request: Request) -> JSONResponse:
    """The indexes are open, and the service is not ending."""
    state = state_of(request)
    if not state.ready:
        message = "the service is ending."
        raise Refusal(503, "ending", message, "Send the request to another one.")
    names = [served.name for served in state.indexes]
    return JSONResponse(
        {"status": "ready", "indexes": names}, headers={"Cache-Control": "no-store"}
    )


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Counts and durations of requests, in the text format of Prometheus."""
    text = state_of(request).measurements.text()
    return Response(text, headers={"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE})
