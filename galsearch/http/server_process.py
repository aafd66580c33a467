"""The processes of the service: they listen, answer, write the log, and end in order.

SIGTERM and Ctrl-C end the service when the requests that have begun are answered; the exit status
is 0 then. SIGHUP opens the indexes again, so that a new build is served without a lost request.
"""

import asyncio
import json
import logging
import logging.config
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from galsearch.core.errors import GalsearchError
from galsearch.http.guard.header_limit import LimitedHead
from galsearch.http.service import create_app
from galsearch.http.state.metrics_folder import metrics_folder
from galsearch.http.state.served_index import ServedIndexes
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.http.uploads.parent_watch import end_with_parent

_SETTINGS = "GALSEARCH_SERVICE_SETTINGS"
_FACTORY = "galsearch.http.server_process:app_of_environment"
_BACKLOG = 2048
_LONGEST_START_S = 120
"""Seconds that a process may take to open its indexes, and to answer its parent: one that takes
longer is given up, and a new build is not served then."""
log = logging.getLogger("galsearch.http")


@dataclass(frozen=True)
class Listening:
    """Address of a service, and the number of its processes."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    """Processes that answer; each opens the same memory-mapped indexes."""
    end_seconds: float = 30.0
    """Seconds that requests which have begun have to end after SIGTERM."""


def serve(settings: ServiceSettings, listening: Listening) -> None:
    """Answer requests until SIGTERM or Ctrl-C.

    Parameters
    ----------
    settings
        What the service answers from.
    listening
        Where it listens.

    Raises
    ------
    ManifestError, EncoderMismatchError
        Where an index cannot be opened; nothing is listened to then.
    """
    if listening.workers == 1:
        server = _Server(_config(create_app(settings), listening))
        server.run()
        return
    ServedIndexes(settings)  # what cannot be opened is one error here, not one of each process
    with metrics_folder() as folder:
        os.environ[_SETTINGS] = settings.to_json()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        config = _config(_FACTORY, listening)
        Multiprocess(config, sockets=[config.bind_socket()]).run()


def app_of_environment() -> FastAPI:
    """The application with the settings of the environment, for the processes of a service.

    The process ends when the one that started it is gone.
    """
    end_with_parent()
    return create_app(ServiceSettings.from_json(os.environ[_SETTINGS]))


class _Server(uvicorn.Server):
    """A server whose process ends with status 0 after SIGTERM and Ctrl-C."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals; unlike the base class, do not raise them again at the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        loop.add_signal_handler(signal.SIGHUP, self._reopen)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)

    def _reopen(self) -> None:
        """Open the indexes again, beside the requests that are being answered."""
        asyncio.get_running_loop().run_in_executor(None, self._reopen_now)

    def _reopen_now(self) -> None:
        app = self.config.loaded_app
        while not isinstance(app, FastAPI):
            app = app.app
        try:
            app.state.service.indexes.reopen()
            log.info("the indexes were opened again")
        except (GalsearchError, OSError) as error:
            log.error("the indexes were not opened again: %s", error)  # noqa: TRY400


def _config(app: FastAPI | str, listening: Listening) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=listening.host,
        port=listening.port,
        workers=listening.workers,
        factory=isinstance(app, str),
        access_log=False,
        log_config=LOGGING,
        server_header=False,
        date_header=True,
        backlog=_BACKLOG,
        http=LimitedHead,
        timeout_keep_alive=20,
        timeout_worker_healthcheck=_LONGEST_START_S,
        timeout_graceful_shutdown=int(listening.end_seconds),
    )


class JsonLines(logging.Formatter):
    """One JSON object for each line of the log."""

    _FACTS = ("request_id", "method", "path", "status", "milliseconds", "bytes", "code")

    def format(self, record: logging.LogRecord) -> str:
        """The line of one event."""
        table: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        table |= {name: vars(record)[name] for name in self._FACTS if name in vars(record)}
        if record.exc_info:
            table["trace"] = self.formatException(record.exc_info)
        return json.dumps(table)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "galsearch.http.server_process.JsonLines"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "stream": "ext://sys.stderr",
        }
    },
    "loggers": {
        "galsearch.http": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
"""Configuration of the log, which goes to standard error."""
