"""Limits of connections: size and time of the head of a request, and answers that nobody reads."""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 15.0
"""Seconds in which the first line and the headers of a request must arrive."""
HEAD_BYTES = 64 << 10
"""Bytes of the first line and the headers of a request."""
UNREAD_SECONDS = 30.0
"""Seconds after which an answer is given up of which the client has read nothing meanwhile."""


class LimitedHead(HttpToolsProtocol):
    """A connection that is ended where the head of a request is too large or arrives too slowly.

    Time is counted from the beginning of a connection, and then from that of each request. A
    connection is ended too where the client does not read an answer that fills the buffers.
    """

    head_seconds = HEAD_SECONDS
    unread_seconds = UNREAD_SECONDS
    _unread_timer: asyncio.TimerHandle | None = None
    _timer: asyncio.TimerHandle | None = None
    _n_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read what has arrived, unless it is more than a head may have."""
        if self._timer is not None:
            self._n_bytes += len(data)
        super().data_received(data)
        if self._timer is not None and self._n_bytes > HEAD_BYTES:
            self._refuse(
                "431 Request Header Fields Too Large",
                f"the head of the request has more than {HEAD_BYTES:,} bytes.",
                "Send a long query as the JSON body of a POST.",
            )

    def on_message_begin(self) -> None:
        """Wait for the rest of the head."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """Answer the request."""
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        self._stop_unread()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait until the client reads."""
        super().pause_writing()
        self._wait_for_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Write on: the client has read."""
        self._stop_unread()
        super().resume_writing()

    def _wait_for_reader(self, n_bytes: int) -> None:
        self._stop_unread()
        self._unread_timer = self.loop.call_later(self.unread_seconds, self._look_again, n_bytes)

    def _look_again(self, n_before: int) -> None:
        """End the connection if nothing was read of the bytes that waited before."""
        n_bytes = self.transport.get_write_buffer_size()
        if n_bytes >= n_before:
            self.transport.abort()
        else:
            self._wait_for_reader(n_bytes)

    def _stop_unread(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self._too_slow)
            self._n_bytes = 0

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._refuse(
            "408 Request Timeout",
            f"the head of the request did not arrive in {self.head_seconds:g} s.",
            "Send the request again.",
        )

    def _refuse(self, status: str, message: str, remedy: str) -> None:
        self._stop()
        if self.transport.is_closing():
            return
        code = "too-slow" if status.startswith("408") else "too-large"
        table: dict[str, Any] = {"code": code, "message": message, "remedy": remedy}
        body = json.dumps({**table, "request_id": ""}).encode()
        head = (
            f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncache-control: no-store\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
