"""State that all routes of one service share: its settings, indexes, threads and measurements."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from galsearch.http.state.joined_work import JoinedWork
from galsearch.http.state.measurements import Measurements
from galsearch.http.state.served_index import ServedIndexes
from galsearch.http.state.service_settings import Limits, ServiceSettings
from galsearch.http.state.work_pool import WorkPool
from galsearch.http.uploads.embedding_process import EmbeddingProcess


@dataclass
class ServiceState:
    """The parts of a service while it runs."""

    settings: ServiceSettings
    indexes: ServedIndexes
    measurements: Measurements
    quick: WorkPool
    """Threads for requests that take milliseconds."""
    stored_queries: JoinedWork[Any, bytes]
    """The thread that answers queries of stored galaxies, those that wait together."""
    slow: WorkPool
    """Threads for requests that may take seconds."""
    pictures: WorkPool
    """A thread that reads images and spectra from the dataset."""
    uploads: WorkPool
    """A thread that waits for the process that embeds uploaded files."""
    embedding: EmbeddingProcess
    ready: bool = True
    """False while the service is ending."""

    @property
    def limits(self) -> Limits:
        """The limits of requests."""
        return self.settings.limits


def state_of(request: Request) -> ServiceState:
    """The state of the service that a request came to."""
    state: ServiceState = request.app.state.service
    return state
