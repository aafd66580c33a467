"""Refusals of the service itself: of requests that never reach the library."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException


class Refusal(HTTPException):
    """A request that is answered with a sentence and a status instead of a result.

    Parameters
    ----------
    status
        Status of HTTP, such as 429.
    code
        Stable name of the kind of refusal.
    message
        What was requested and what was found, in full sentences.
    remedy
        What to do with the request.
    headers
        Further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        remedy: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, message, headers)
        self.code = code
        self.message = message
        self.remedy = remedy


def busy(what: str, retry_after_seconds: int) -> Refusal:
    """The refusal of a request that came while too many others were being answered."""
    return Refusal(
        429,
        "busy",
        f"{what}; the request was not begun.",
        f"Repeat the request in {retry_after_seconds} s or later.",
        {"Retry-After": str(retry_after_seconds)},
    )


def too_long(seconds: float) -> Refusal:
    """The refusal of a request that was not answered in time."""
    return Refusal(
        503,
        "too-long",
        f"the request was not answered in {seconds:g} s.",
        "Send a smaller k, or a request without exact or with a simpler condition.",
        {"Retry-After": "10"},
    )


def not_found(message: str, remedy: str) -> Refusal:
    """The refusal of a request for something that the service does not have."""
    return Refusal(404, "not-found", message, remedy)
