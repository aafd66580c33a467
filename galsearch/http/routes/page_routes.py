"""The page: its document at `/`, and its scripts, styles and pictures under `/static`."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGE = Path(__file__).parents[1] / "page"
"""Directory of the page."""
_ASK_FIRST = "no-cache"
"""Browsers keep a file, and ask with its ETag whether it has changed."""
_FOR_EVER = "public, max-age=31536000, immutable"


class _PageFiles(StaticFiles):
    """Files that browsers keep; vendored packages, whose directory has their version, for ever."""

    async def get_response(self, path: str, scope: Scope):  # type: ignore[no-untyped-def]
        response = await super().get_response(path, scope)
        is_vendored = path.replace("\\", "/").startswith("vendor/") and path.count("/") > 1
        response.headers["Cache-Control"] = _FOR_EVER if is_vendored else _ASK_FIRST
        return response


def add_page(app: FastAPI, page: Path = PAGE) -> None:
    """Serve the page, where it is installed."""
    if not (page / "index.html").is_file():
        return
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def document() -> FileResponse:
        return FileResponse(
            page / "index.html", media_type="text/html", headers={"Cache-Control": _ASK_FIRST}
        )

    app.include_router(router)
    app.mount("/static", _PageFiles(directory=page), name="static")
