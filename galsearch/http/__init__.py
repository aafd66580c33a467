"""The HTTP service: the queries of the library over HTTP, and the page that shows them.

A route parses a request, calls the library and writes the answer. Nothing here is imported by the
rest of the package, and FastAPI is loaded by nothing else.
"""

from typing import Any

__all__ = ["create_app", "serve"]


def __getattr__(name: str) -> Any:
    # Imported on first use: the command line reads settings without FastAPI.
    if name == "create_app":
        from galsearch.http.service import create_app

        return create_app
    if name == "serve":
        from galsearch.http.server_process import serve

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
