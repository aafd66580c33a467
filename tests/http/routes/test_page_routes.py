"""The page and its files."""

from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from galsearch.http.routes.page_routes import add_page


def page(folder: Path, files: dict[str, str]) -> TestClient:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    app = FastAPI()
    add_page(app, folder)
    return TestClient(app)


def test_vendored_files_are_kept_for_ever_and_others_asked_for(tmp_path: Path) -> None:
    files = {"index.html": "<p>page", "page.js": "1", "vendor/plot-1.2/plot.js": "2"}
    client = page(tmp_path, files)
    document = client.get("/")
    assert (document.text, document.headers["content-type"]) == (
        "<p>page",
        "text/html; charset=utf-8",
    )
    assert client.get("/static/page.js").headers["cache-control"] == "no-cache"
    kept = client.get("/static/vendor/plot-1.2/plot.js")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = client.get("/static/page.js", headers={"If-None-Match": document.headers["etag"]})
    assert again.status_code == 200
    etag = again.headers["etag"]
    assert client.get("/static/page.js", headers={"If-None-Match": etag}).status_code == 304


def test_nothing_beside_the_page_is_served(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    client = page(tmp_path / "page", {"index.html": "<p>page"})
    for path in ("../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "/etc/passwd"):
        assert client.get(f"/static/{path}").status_code == 404


def test_without_a_page_there_is_none(tmp_path: Path) -> None:
    assert page(tmp_path, {}).get("/").status_code == 404
