"""Access to the service: the bearer token, and the number of requests at a time."""

import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from galsearch.http.refusals.error_answers import refusal_response
from galsearch.http.refusals.refusal import Refusal, busy

_OPEN = ("/health", "/ready", "/static/")
"""Paths that are answered without a token, and whatever the number of requests; so is `/`."""


class Access:
    """Refuses requests without the token, and those that come while too many are answered."""

    def __init__(self, app: ASGIApp, token: str | None, concurrent_requests: int) -> None:
        self._app = app
        self._token = None if token is None else token.encode()
        self._most = concurrent_requests
        self._n = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse one request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path == "/" or path.startswith(_OPEN):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            scope["error_code"] = refusal.code
            await refusal_response(refusal, scope["request_id"])(scope, receive, send)
            return
        self._n += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._n -= 1

    def _refusal(self, scope: Scope) -> Refusal | None:
        if self._token is not None:
            scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not secrets.compare_digest(
                given.strip().encode(), self._token
            ):
                return Refusal(
                    401,
                    "no-token",
                    "the service answers requests that bear its token; this one does not.",
                    "Send the header Authorization: Bearer TOKEN.",
                    {"WWW-Authenticate": 'Bearer realm="galsearch"'},
                )
        if self._n >= self._most:
            return busy(f"{self._n} requests are being answered already", 1)
        return None
