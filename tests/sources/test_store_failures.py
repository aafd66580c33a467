"""What a store refused is told apart, whichever package reports it and however it is hidden."""

import errno
import socket
import ssl
from typing import Any

import pytest

from galsearch.core.errors import (
    GalsearchError,
    LockedError,
    MissingExtraError,
    SourceError,
    StoreError,
)
from galsearch.sources.store_failures import explain_failure, is_store_failure


def exception(name: str, module: str = "botocore.exceptions", **attributes: Any) -> Exception:
    """An exception of a package that need not be installed."""
    return type(name, (Exception,), {"__module__": module, **attributes})("words\nof the package")


def caused(error: Exception, cause: Exception, *, explicit: bool = True) -> Exception:
    error.__cause__ = cause if explicit else None
    error.__context__ = cause
    error.__suppress_context__ = explicit
    return error


def boto(status: int, code: str) -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPStatusCode": status}, "Error": {"Code": code}}


def answer(status: int) -> Any:
    return type("Response", (), {"status_code": status})()


NO_CONNECTION = "no connection to the server: nobody answers at its address."
DNS = "no connection to the server: its name is not known (no DNS entry, or no network)."
LATE = "the server did not answer in time."
S3_CREDENTIALS = (
    "no credentials for this store were found. A public store is read without them if "
    "FSSPEC_S3_ANON=true is set in the environment."
)

FAILURES = [
    (exception("NoCredentialsError"), S3_CREDENTIALS),
    (exception("EndpointConnectionError"), NO_CONNECTION),
    (exception("ConnectError", "httpx"), NO_CONNECTION),
    (ConnectionRefusedError(111, "refused"), NO_CONNECTION),
    (caused(FileNotFoundError("url"), exception("ClientConnectorError", "aiohttp")), NO_CONNECTION),
    (caused(exception("EndpointConnectionError"), socket.gaierror(-2, "no")), DNS),
    (exception("ClientConnectorDNSError", "aiohttp"), DNS),
    (TimeoutError(), LATE),
    (exception("ReadTimeoutError"), LATE),
    (caused(FileNotFoundError("url"), TimeoutError(), explicit=False), LATE),
    (
        caused(exception("ClientConnectorCertificateError", "aiohttp"), ssl.SSLError(1, "bad")),
        "no secure connection to the server: its certificate or encryption was not accepted.",
    ),
    (exception("ClientPayloadError", "aiohttp"), "the connection to the server broke off."),
    (exception("ClientResponseError", "aiohttp", status=403), "access denied (403 Forbidden)."),
    (PermissionError("Access Denied"), "access denied."),
    (
        exception("ClientError", response=boto(403, "AccessDenied")),
        "access denied (403 Forbidden).",
    ),
    (
        exception("HfHubHTTPError", "huggingface_hub.errors", response=answer(401)),
        "the server asks for a login (401 Unauthorized).",
    ),
    (
        exception("ClientResponseError", "aiohttp", status=429),
        "the server is busy (429 Too Many Requests); try again later.",
    ),
    (
        exception("ClientError", response=boto(503, "SlowDown")),
        "the server is busy (503 Service Unavailable); try again later.",
    ),
    (
        caused(OSError(errno.EBUSY, "x"), exception("ClientError", response=boto(0, "SlowDown"))),
        "the server is busy; try again later.",
    ),
    (
        exception("HttpError", "gcsfs.retry", code=500),
        "the server refused (500 Internal Server Error).",
    ),
    (exception("HttpError", "gcsfs.retry", code="599"), "the server refused (status 599)."),
]


@pytest.mark.parametrize(("error", "reason"), FAILURES)
def test_the_reason_of_a_refusal_is_stated(error: Exception, reason: str) -> None:
    explained = explain_failure("s3://desidata/a.fits", error)
    assert str(explained) == f"s3://desidata/a.fits: {reason}"
    assert type(explained) is StoreError
    assert is_store_failure(error)


def test_other_stores_have_their_own_variable_for_access_without_credentials() -> None:
    error = exception("DefaultCredentialsError", "google.auth.exceptions")
    assert str(explain_failure("gs://sky/a.fits", error)) == (
        "gs://sky/a.fits: no credentials for this store were found. A public store is read "
        "without them if FSSPEC_GS_TOKEN=anon is set in the environment."
    )
    assert str(explain_failure("hf://sky/a.fits", error)) == (
        "hf://sky/a.fits: no credentials for this store were found."
    )


MISSING = [
    (FileNotFoundError("gone"), "no such file."),
    (exception("ClientError", response=boto(404, "NoSuchKey")), "no such file."),
    (caused(FileNotFoundError("url"), exception("E", "aiohttp", status=404)), "no such file."),
    (IsADirectoryError("x"), "is a directory; expected a file."),
    (ValueError("two\nlines"), "cannot be read (ValueError: two lines)."),
]


@pytest.mark.parametrize(("error", "reason"), MISSING)
def test_what_no_store_refused_is_an_error_of_the_file(error: Exception, reason: str) -> None:
    explained = explain_failure("https://sky/a.fits", error)
    assert str(explained).startswith(f"https://sky/a.fits: {reason}")
    assert type(explained) is SourceError


def test_a_file_that_may_not_be_read_is_named() -> None:
    explained = explain_failure("/data/a.fits", PermissionError(13, "Permission denied"))
    assert str(explained) == "/data/a.fits: there is no permission to read the file."


def test_a_missing_package_is_named() -> None:
    explained = explain_failure("gs://sky/a.fits", ImportError("Please install gcsfs"))
    assert type(explained) is MissingExtraError
    assert str(explained) == "gs://sky/a.fits: cannot be read (Please install gcsfs)."


def test_errors_of_readers_are_no_failures_of_a_store() -> None:
    others: list[Exception] = [ValueError(), TypeError(), LockedError("x"), GalsearchError("x")]
    assert not any(is_store_failure(error) for error in others)


def test_a_full_disk_is_no_failure_of_the_file_that_is_read() -> None:
    assert not is_store_failure(OSError(errno.ENOSPC, "No space left on device"))
    assert is_store_failure(OSError(errno.EIO, "Input/output error"))


def test_a_circle_of_causes_ends() -> None:
    first, second = OSError("a"), OSError("b")
    first.__cause__, second.__cause__ = second, first
    assert str(explain_failure("a.fits", first)) == "a.fits: cannot be read (OSError: a)."
