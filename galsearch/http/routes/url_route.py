"""A route whose fields come in the URL and are those of one model, which reads them at once.

FastAPI reads the fields of a model one by one before the model checks them, which takes longer than
a query. The OpenAPI document is made from the signature of the endpoint, as for every route.
"""

from collections.abc import Awaitable, Callable
from functools import cached_property
from inspect import signature
from typing import Annotated, Any, get_args, get_origin

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response


class UrlRoute(APIRoute):
    """A route of an endpoint with the parameters `request` and `fields`, a model of the URL.

    An endpoint with other parameters is called as FastAPI calls it.
    """

    @cached_property
    def answer_directly(self) -> Callable[[Request], Awaitable[Response]] | None:
        """The function that answers a request; None where FastAPI must read the parameters."""
        endpoint: Callable[..., Awaitable[Response]] = self.endpoint
        model = _model_of_url(endpoint)
        if model is None:
            return None

        async def answer(request: Request) -> Response:
            return await endpoint(request, url_fields(model, request))

        return answer

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """The function that answers a request."""
        return self.answer_directly or super().get_route_handler()


def url_fields(model: type[BaseModel], request: Request) -> BaseModel:
    """The fields in the URL of a request; of one that is repeated, the last value counts.

    Raises
    ------
    RequestValidationError
        Where a field is unknown, or of another type.
    """
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        located = [{**problem, "loc": ("query", *problem["loc"])} for problem in problems]
        raise RequestValidationError(located) from None


def _model_of_url(endpoint: Callable[..., Any]) -> type[BaseModel] | None:
    """The model of the fields of an endpoint of two parameters; None for another one."""
    parameters = signature(endpoint).parameters
    if list(parameters) != ["request", "fields"]:
        return None
    annotation = parameters["fields"].annotation
    if get_origin(annotation) is not Annotated:
        return None
    model, place = get_args(annotation)[:2]
    return model if type(place).__name__ == "Query" else None
