"""Reasons for which a store or web server refused a file, told apart for messages.

fsspec passes on the exceptions of many packages (aiohttp, botocore, httpx, huggingface_hub, ...),
and hides some of them behind FileNotFoundError. The whole chain of causes is searched here, by
HTTP status and by the names of exceptions, so that none of these packages has to be installed.
"""

import http
import socket
import ssl
from collections.abc import Iterator

from galsearch.core.errors import GalsearchError, MissingExtraError, SourceError, StoreError
from galsearch.files.disk_errors import is_caused_by_writing

_STORE_PACKAGES = (
    *("aiohttp", "aiobotocore", "botocore", "s3fs", "httpx", "httpx2", "httpcore", "httpcore2"),
    *("huggingface_hub", "gcsfs", "google", "azure", "adlfs", "requests", "urllib3", "fsspec"),
)
"""Packages whose exceptions report a failure of a store; not all of them are OSErrors."""
_IN_CLOUD_EXTRA = ("http", "https", "s3", "s3a", "hf")
_ANONYMOUS_ACCESS = {
    "s3": "FSSPEC_S3_ANON=true",
    "s3a": "FSSPEC_S3_ANON=true",
    "gs": "FSSPEC_GS_TOKEN=anon",
    "gcs": "FSSPEC_GCS_TOKEN=anon",
    "abfs": "FSSPEC_ABFS_ANON=true",
    "abfss": "FSSPEC_ABFSS_ANON=true",
    "az": "FSSPEC_AZ_ANON=true",
}
"""Environment variable of fsspec for access without credentials, by protocol."""
_NO_CREDENTIALS = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "TokenRetrievalError",
    "ProfileNotFound",
    "DefaultCredentialsError",
    "LocalTokenNotFoundError",
)
_NO_CONNECTION = (
    "ConnectionRefusedError",
    "ClientConnectorError",
    "EndpointConnectionError",
    "ConnectError",
    "OfflineModeIsEnabled",
    "ConnectionError",
)
_BROKEN_CONNECTION = (
    "ConnectionResetError",
    "ConnectionAbortedError",
    "BrokenPipeError",
    "ServerDisconnectedError",
    "ClientPayloadError",
    "ConnectionClosedError",
    "RemoteProtocolError",
    "ReadError",
    "IncompleteRead",
    "ResponseStreamingError",
)
_BUSY_STATUS = (408, 425, 429, 503)
_ABSENT_STATUS = (404, 410)
_BUSY_CODES = ("SlowDown", "ServiceUnavailable", "RequestLimitExceeded", "Throttling")


def is_store_failure(error: Exception) -> bool:
    """True for an exception that a failing disk, store or web server raises when it is read.

    The error of a full disk is none: it comes from what is written while the file is open.
    """
    if isinstance(error, GalsearchError) or is_caused_by_writing(error):
        return False
    return isinstance(error, OSError) or type(error).__module__.split(".")[0] in _STORE_PACKAGES


def explain_failure(url: str, error: Exception) -> GalsearchError:
    """The error to raise where access to a file failed: its message says what the store refused.

    Parameters
    ----------
    url
        Path or URL of the file.
    error
        Exception of the store.

    Examples
    --------
    >>> str(explain_failure("https://sky/a.fits", ConnectionRefusedError(111, "refused")))
    'https://sky/a.fits: no connection to the server: nobody answers at its address.'
    """
    if isinstance(error, ImportError):
        return _missing_package(url, error)
    chain = list(_chain(error))
    for describe in (_credentials, _network, _status):
        reason = describe(url, chain)
        if reason:
            return StoreError(f"{url}: {reason}")
    if isinstance(error, FileNotFoundError) or _http_status(chain) in _ABSENT_STATUS:
        return SourceError(f"{url}: no such file.")
    if isinstance(error, (IsADirectoryError, NotADirectoryError)):
        return SourceError(f"{url}: is a directory; expected a file.")
    return SourceError(f"{url}: cannot be read ({type(error).__name__}: {_one_line(error)}).")


def _missing_package(url: str, error: ImportError) -> MissingExtraError:
    protocol = url.partition("://")[0]
    extra = " The package is part of the extra galsearch[cloud]."
    return MissingExtraError(
        f"{url}: cannot be read ({_one_line(error)})."
        + (extra if protocol in _IN_CLOUD_EXTRA else "")
    )


def _credentials(url: str, chain: list[BaseException]) -> str | None:
    if not _has_name(chain, _NO_CREDENTIALS):
        return None
    variable = _ANONYMOUS_ACCESS.get(url.partition("://")[0])
    advice = f" A public store is read without them if {variable} is set in the environment."
    return "no credentials for this store were found." + (advice if variable else "")


def _network(_url: str, chain: list[BaseException]) -> str | None:
    if any(isinstance(error, socket.gaierror) for error in chain) or _has_name(chain, ["DNS"]):
        return "no connection to the server: its name is not known (no DNS entry, or no network)."
    if any(isinstance(error, TimeoutError) for error in chain) or _has_name(chain, ["Timeout"]):
        return "the server did not answer in time."
    if any(isinstance(error, ssl.SSLError) for error in chain) or _has_name(
        chain, ["SSL", "Certificate"]
    ):
        return "no secure connection to the server: its certificate or encryption was not accepted."
    if _has_name(chain, _BROKEN_CONNECTION):
        return "the connection to the server broke off."
    if _has_name(chain, _NO_CONNECTION):
        return "no connection to the server: nobody answers at its address."
    return None


def _status(url: str, chain: list[BaseException]) -> str | None:
    codes = [str(code) for error in chain for code in _codes(error)]
    status = _http_status(chain)
    denied = any(isinstance(error, PermissionError) for error in chain)
    if status in _BUSY_STATUS or any(code.startswith(_BUSY_CODES) for code in codes):
        return f"the server is busy{_named(status)}; try again later."
    if status == 401:
        return f"the server asks for a login{_named(status)}."
    if status == 403 or (denied and "://" in url):
        return f"access denied{_named(status)}."
    if denied:
        return "there is no permission to read the file."
    if status in (0, *_ABSENT_STATUS):
        return None
    return f"the server refused{_named(status)}."


def _http_status(chain: list[BaseException]) -> int:
    """The first HTTP status of an error in a chain of exceptions; 0 if there is none."""
    codes = [str(code) for error in chain for code in _codes(error)]
    numbers = [int(code) for code in codes if code.isdecimal()]
    return next((number for number in numbers if 400 <= number < 600), 0)


def _named(status: int) -> str:
    """The number and the words of an HTTP status in brackets, such as ' (403 Forbidden)'."""
    if not status:
        return ""
    try:
        return f" ({status} {http.HTTPStatus(status).phrase})"
    except ValueError:
        return f" (status {status})"


def _codes(error: BaseException) -> Iterator[object]:
    """HTTP status and error code of an exception of aiohttp, httpx, botocore, google or azure."""
    # Only the first is read because aiohttp warns where its deprecated `code` is read.
    names = ("status", "status_code", "code")
    yield next((getattr(error, name) for name in names if hasattr(error, name)), None)
    response = getattr(error, "response", None)
    yield getattr(response, "status_code", None)
    if isinstance(response, dict):
        for part, key in (("ResponseMetadata", "HTTPStatusCode"), ("Error", "Code")):
            found = response.get(part)
            yield found.get(key) if isinstance(found, dict) else None


def _has_name(chain: list[BaseException], names: tuple[str, ...] | list[str]) -> bool:
    """True if an exception, or one of its base classes, has one of the names in its own name."""
    classes = {kind.__name__ for error in chain for kind in type(error).__mro__}
    return any(name in own for name in names for own in classes)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and its causes."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        hidden = None if current.__suppress_context__ else current.__context__
        current = current.__cause__ or hidden


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
