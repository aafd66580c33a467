"""The record of every request: its id, its headers of security, the log and the measurements.

The log has one JSON object for each request. It names the path, and neither the fields of the
request nor anything of an uploaded file.
"""

import logging
import secrets
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from galsearch.http.guard.security_headers import SECURITY_HEADERS
from galsearch.http.refusals.error_answers import OPERATOR, refusal_response
from galsearch.http.refusals.refusal import Refusal
from galsearch.http.state.measurements import Measurements

log = logging.getLogger("galsearch.http")
_SHOWN_PATH = 200


class RequestRecord:
    """The outermost layer: every request gets an id, an answer and a line in the log."""

    def __init__(self, app: ASGIApp, measurements: Measurements) -> None:
        self._app = app
        self._measurements = measurements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = _Record(scope, send)
        self._measurements.begin()
        try:
            await self._app(scope, receive, record.send)
        except Exception:
            log.exception("unexpected error", extra={"request_id": record.request_id})
            if record.status is None:
                scope["error_code"] = "unexpected"
                message = "the service failed in a way that was not foreseen."
                refusal = Refusal(500, "unexpected", message, OPERATOR)
                response = refusal_response(refusal, record.request_id)
                await response(scope, receive, record.send)
        finally:
            record.write(self._measurements)


class _Record:
    """One request while it is answered."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.request_id = secrets.token_hex(8)
        self.status: int | None = None
        self._scope = scope
        self._send = send
        self._n_bytes = 0
        self._start = time.perf_counter()
        scope["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        """Send a part of the answer, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
            given = {name.lower() for name, _ in headers}
            headers += [pair for pair in SECURITY_HEADERS if pair[0] not in given]
            headers.append((b"x-request-id", self.request_id.encode()))
            message = {**message, "headers": headers}
        else:
            self._n_bytes += len(message.get("body", b""))
        await self._send(message)

    def write(self, measurements: Measurements) -> None:
        """Measure the request, and write its line into the log."""
        seconds = time.perf_counter() - self._start
        status = self.status or 499
        route = getattr(self._scope.get("route"), "path", "other")
        measurements.end(route, status, seconds)
        if not log.isEnabledFor(logging.INFO):
            return
        facts: dict[str, Any] = {
            "request_id": self.request_id,
            "method": self._scope["method"][:20],
            "path": self._scope["path"][:_SHOWN_PATH],
            "status": status,
            "milliseconds": round(1000 * seconds, 2),
            "bytes": self._n_bytes,
        }
        if "error_code" in self._scope:
            facts["code"] = self._scope["error_code"]
        log.info("request", extra=facts)
