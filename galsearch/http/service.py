"""The application: its routes, its layers of protection, and its beginning and end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from galsearch.core.version import VERSION
from galsearch.http.answers.joined_queries import MOST_JOINED, answer_stored
from galsearch.http.guard.access import Access
from galsearch.http.guard.body_limit import BodyLimit
from galsearch.http.guard.request_record import RequestRecord
from galsearch.http.refusals.error_answers import HANDLERS
from galsearch.http.routes import (
    cone_routes,
    estimate_routes,
    galaxy_routes,
    map_routes,
    operation_routes,
    query_routes,
    upload_routes,
)
from galsearch.http.routes.direct_routes import DirectRoutes
from galsearch.http.routes.page_routes import add_page
from galsearch.http.state.joined_work import JoinedWork
from galsearch.http.state.measurements import Measurements
from galsearch.http.state.served_index import ServedIndexes
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.http.state.service_state import ServiceState
from galsearch.http.state.work_pool import WorkPool
from galsearch.http.uploads.embedding_process import EmbeddingProcess

_ROUTERS = (
    query_routes.router,
    upload_routes.router,
    estimate_routes.router,
    galaxy_routes.router,
    map_routes.router,
    cone_routes.router,
    operation_routes.router,
)


def create_app(settings: ServiceSettings) -> FastAPI:
    """The service as an ASGI application, for any server.

    Parameters
    ----------
    settings
        The indexes, datasets, limits and token.

    Raises
    ------
    ManifestError, EncoderMismatchError
        Where an index cannot be opened.
    """
    state = _state(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        state.ready = False
        for pool in _pools(state):
            pool.close()
        state.embedding.stop()

    app = FastAPI(
        title="galsearch",
        version=VERSION,
        summary="Similarity search for galaxies, across images and spectra.",
        lifespan=lifespan,
        docs_url="/docs" if settings.api_pages else None,
        redoc_url=None,
        redirect_slashes=False,
        # The measurements are our own, and nothing is sent to a collector of the environment.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.service = state
    for router in _ROUTERS:
        app.include_router(router)
    add_page(app)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    # The layer that is added last is the outermost one.
    app.add_middleware(DirectRoutes, routes=[one for router in _ROUTERS for one in router.routes])
    app.add_middleware(
        BodyLimit, n_bytes=settings.limits.body_bytes, seconds=settings.limits.body_seconds
    )
    app.add_middleware(
        Access, token=settings.token, concurrent_requests=settings.limits.concurrent_requests
    )
    app.add_middleware(RequestRecord, measurements=state.measurements)
    return app


def _pools(state: ServiceState) -> tuple[WorkPool | JoinedWork[Any, Any], ...]:
    return (state.quick, state.stored_queries, state.slow, state.pictures, state.uploads)


def _state(settings: ServiceSettings) -> ServiceState:
    limits = settings.limits
    seconds = limits.request_seconds
    return ServiceState(
        settings=settings,
        indexes=ServedIndexes(settings),
        measurements=Measurements(),
        quick=WorkPool(
            "quick", threads=limits.threads, waiting=limits.concurrent_requests, seconds=seconds
        ),
        stored_queries=JoinedWork(
            "quick",
            answer_stored,
            most=MOST_JOINED,
            waiting=limits.concurrent_requests,
            seconds=seconds,
        ),
        slow=WorkPool("long", threads=1, waiting=limits.waiting_slow, seconds=seconds),
        pictures=WorkPool(
            "picture", threads=1, waiting=limits.concurrent_requests, seconds=seconds
        ),
        uploads=WorkPool(
            "upload", threads=1, waiting=limits.waiting_slow, seconds=4 * limits.upload_seconds
        ),
        embedding=EmbeddingProcess(
            settings.encoder,
            seconds=limits.upload_seconds,
            memory_bytes=limits.upload_memory_bytes,
        ),
    )
