"""Limits of the body of a request: its size, and the time in which it must arrive."""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from galsearch.http.refusals.error_answers import refusal_response
from galsearch.http.refusals.refusal import Refusal


class BodyLimit:
    """Refuses bodies that are too large or arrive too slowly, before they fill the memory."""

    def __init__(self, app: ASGIApp, n_bytes: int, seconds: float) -> None:
        self._app = app
        self._n_bytes = n_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse one request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "0")[:20]
        if stated.isdecimal() and int(stated) > self._n_bytes:
            refusal = _too_large(f"{int(stated):,} bytes", self._n_bytes)
            scope["error_code"] = refusal.code
            await refusal_response(refusal, scope["request_id"])(scope, receive, send)
            return
        await self._app(scope, _Body(receive, self._n_bytes, self._seconds).receive, send)


class _Body:
    """The body of one request as it arrives, counted and timed."""

    def __init__(self, receive: Receive, n_bytes: int, seconds: float) -> None:
        self._receive = receive
        self._n_bytes, self._seconds = n_bytes, seconds
        self._n_received = 0
        self._end = time.monotonic() + seconds
        self._complete = False

    async def receive(self) -> Message:
        """The next part of the body; a refusal where it is too large or late."""
        if self._complete:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._end - time.monotonic())
        except TimeoutError:
            raise Refusal(
                408,
                "too-slow",
                f"the body of the request did not arrive in {self._seconds:g} s.",
                "Send the request again, or a smaller file.",
                {"Connection": "close"},
            ) from None
        self._complete = not message.get("more_body", False)
        self._n_received += len(message.get("body", b""))
        if self._n_received > self._n_bytes:
            raise _too_large("more", self._n_bytes)
        return message


def _too_large(found: str, n_bytes: int) -> Refusal:
    return Refusal(
        413,
        "too-large",
        f"the body of the request has {found}; the service reads {n_bytes:,} bytes.",
        "Send a smaller file, such as a cutout of one galaxy.",
        {"Connection": "close"},
    )
