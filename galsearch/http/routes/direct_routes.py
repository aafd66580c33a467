"""Requests that a route answers without the router and the layers of FastAPI, which cost as much.

The route is the one that FastAPI has, with the same function that reads its fields and answers:
only the way to it is shorter.
"""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from galsearch.http.refusals.error_answers import answer_exception
from galsearch.http.routes.url_route import UrlRoute


class DirectRoutes:
    """A layer that calls the routes whose path has no variable part and whose fields are a model.

    Parameters
    ----------
    app
        The application that answers all other requests.
    routes
        Routes of any kind, of which those of `UrlRoute` with such fields are called.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._routes = {
            (method, route.path): (route, route.answer_directly)
            for route in routes
            if isinstance(route, UrlRoute) and route.answer_directly is not None
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = None
        if scope["type"] == "http" and not scope.get("root_path"):
            found = self._routes.get((scope["method"], scope["path"]))
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"], answer = found
        request = Request(scope, receive)
        try:
            response = await answer(request)
        except Exception as error:  # what no answer is known for is raised again
            response = await answer_exception(request, error)
        await response(scope, receive, send)
