"""Errors as answers: the status, the message and a remedy in words of HTTP for every error."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from galsearch.core.errors import (
    EncoderMismatchError,
    GalsearchError,
    InvalidCutoutError,
    InvalidFingerprintError,
    InvalidSpectrumError,
    InvalidTargetIdError,
    MissingExtraError,
    MissingModalityError,
    NoDatasetError,
    NoMapError,
    NoMatchError,
    QueryError,
    SourceError,
    StoreError,
    TableFormatError,
    UnknownNameError,
    UnknownTargetError,
)
from galsearch.http.refusals.refusal import Refusal
from galsearch.http.refusals.request_remedies import REMEDIES, problems_in_words

log = logging.getLogger("galsearch.http")

STATUSES: Mapping[type[GalsearchError], int] = MappingProxyType(
    {
        UnknownTargetError: 404,
        NoMatchError: 404,
        UnknownNameError: 404,
        NoDatasetError: 404,
        MissingModalityError: 404,
        NoMapError: 404,
        InvalidTargetIdError: 400,
        InvalidFingerprintError: 400,
        InvalidCutoutError: 400,
        InvalidSpectrumError: 400,
        EncoderMismatchError: 400,
        QueryError: 400,
        SourceError: 400,
        TableFormatError: 400,
    }
)
"""Status of each kind of error that a request causes; other errors are faults of the service."""

OPERATOR = "Tell the operator of the service, whose log has the cause under the request_id."
_HIDDEN = "the service cannot answer this request: something of its own is missing or damaged."


def status_of(error: GalsearchError) -> int:
    """Status of the answer to a request that caused an error; 500 for a fault of the service."""
    if isinstance(error, (StoreError, MissingExtraError)):
        return 500
    kinds = [kind for kind in type(error).__mro__ if kind in STATUSES]
    return STATUSES[kinds[0]] if kinds else 500


def as_refusal(error: GalsearchError) -> Refusal:
    """The refusal that an error of the library becomes; paths of the service are not told."""
    status = status_of(error)
    if status == 500:
        return Refusal(500, error.code, _HIDDEN, OPERATOR)
    return Refusal(status, error.code, str(error), REMEDIES[error.code])


def refusal_response(refusal: Refusal, request_id: str) -> Response:
    """The answer with the code, the message and the remedy of a refusal."""
    body = {
        "code": refusal.code,
        "message": refusal.message,
        "remedy": refusal.remedy,
        "request_id": request_id,
    }
    return Response(
        json.dumps(body, allow_nan=False),
        refusal.status_code,
        {"Cache-Control": "no-store", **(refusal.headers or {})},
        "application/json",
    )


def request_id_of(request: Request) -> str:
    """The text by which the log of the service knows a request."""
    return str(request.scope.get("request_id", ""))


async def answer_refusal(request: Request, error: Exception) -> Response:
    """The answer to a request that the service refuses."""
    assert isinstance(error, Refusal)  # noqa: S101 (registered for it)
    request.scope["error_code"] = error.code
    return refusal_response(error, request_id_of(request))


async def answer_error(request: Request, error: Exception) -> Response:
    """The answer to a request that caused an error of the library."""
    assert isinstance(error, GalsearchError)  # noqa: S101 (registered for it)
    refusal = as_refusal(error)
    if refusal.status_code >= 500:
        log.error("%s: %s", error.code, error, extra={"request_id": request_id_of(request)})
    return await answer_refusal(request, refusal)


async def answer_invalid(request: Request, error: Exception) -> Response:
    """The answer to a request whose fields are unknown or of another type."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 (registered for it)
    problems = [{**item, "loc": item["loc"][1:] or item["loc"][:1]} for item in error.errors()]
    message = f"the request has {problems_in_words(problems)}."
    remedy = "Correct the field that the message names; /openapi.json lists all fields."
    return await answer_refusal(request, Refusal(422, "bad-request", message, remedy))


async def answer_http_error(request: Request, error: Exception) -> Response:
    """The answer to a request for a path or with a method that the service does not have."""
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for it)
    method, path = request.method[:20], request.url.path[:200]
    sentences = {
        404: f"the service has nothing at {path!r}.",
        405: f"{path!r} is not answered to {method}.",
    }
    message = sentences.get(error.status_code, "the request or its body is malformed.")
    remedy = "See /openapi.json for the paths of the service and their fields."
    codes = {404: "not-found", 405: "bad-method"}
    code = codes.get(error.status_code, "bad-request")
    headers = dict(error.headers or {})
    return await answer_refusal(request, Refusal(error.status_code, code, message, remedy, headers))


HANDLERS: Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = (
    MappingProxyType(
        {
            Refusal: answer_refusal,
            GalsearchError: answer_error,
            RequestValidationError: answer_invalid,
            HTTPException: answer_http_error,
        }
    )
)
"""The function that makes the answer to a request that caused an error, by the kind of error."""


async def answer_exception(request: Request, error: Exception) -> Response:
    """The answer to a request that caused an error.

    Raises
    ------
    Exception
        The error itself, where it is of no kind that requests cause.
    """
    for kind in type(error).__mro__:
        if kind in HANDLERS:
            return await HANDLERS[kind](request, error)
    raise error
