"""The command that answers requests over HTTP: serve."""

import os
from pathlib import Path
from typing import Annotated

import typer

from galsearch.cli.servers.served_options import (
    DatasetOption,
    IndexOption,
    NamesOption,
    SesameOption,
)
from galsearch.core.errors import ConfigError, MissingExtraError

SERVE_EXAMPLES = """\b
Examples:
  galsearch serve
  galsearch serve --index index_builds/mine --port 8080
  galsearch serve --index dr1=index_builds/dr1 --index edr=index_builds/edr --workers 4
  galsearch serve --index index_builds/mine --dataset /data/mine --token-file token.txt
"""
_PACKAGES = {"fastapi", "uvicorn", "prometheus_client", "multipart", "python_multipart"}
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def serve(
    index: IndexOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Number of processes that answer.", min=1)] = 1,
    dataset: DatasetOption = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with the bearer token that requests must have.", metavar="FILE"),
    ] = None,
    names: NamesOption = None,
    sesame: SesameOption = False,
    encoder: Annotated[
        str | None, typer.Option(help="Encoder of uploaded files; default: galsearch-small.")
    ] = None,
    api_pages: Annotated[
        bool, typer.Option("--api-pages", help="Serve pages about the interface at /docs.")
    ] = False,
) -> None:
    """Answer queries over HTTP.

    Programs query the service at /v1, and people the page at /. SIGTERM and Ctrl-C end it when the
    requests that have begun are answered; SIGHUP opens the indexes again.
    """
    # Requests are searched in several threads, each of which needs no further ones.
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    try:
        from galsearch.http.server_process import Listening
        from galsearch.http.server_process import serve as answer
    except ModuleNotFoundError as error:
        if error.name not in _PACKAGES:
            raise
        raise MissingExtraError(
            f"{error.name} is not installed: pip install 'galsearch[serve]'."
        ) from None
    from galsearch.http.state.service_settings import ServiceSettings

    indexes = served_indexes(index)
    settings = ServiceSettings(
        indexes=indexes,
        datasets=directories(dataset or [], next(iter(indexes))),
        token=None if token_file is None else read_token(token_file),
        names=names,
        sesame=sesame,
        encoder=encoder,
        api_pages=api_pages,
    )
    answer(settings, Listening(host=host, port=port, workers=workers))


def served_indexes(given: list[str] | None) -> dict[str, Path]:
    """Directories of indexes by name; without any, the only one in `index_builds`."""
    if given:
        return directories(given)
    from galsearch.index.storage.find_build import find_build

    path = find_build()
    return {path.name: path}


def directories(given: list[str], name: str | None = None) -> dict[str, Path]:
    """Directories by name; one without a name has that of the directory, or `name`."""
    found: dict[str, Path] = {}
    for text in given:
        key, separator, path = text.rpartition("=")
        key = key if separator else name or Path(path).resolve().name
        if key in found:
            raise ConfigError(f"the name '{key}' is given to {found[key]} and to {path}.")
        found[key] = Path(path)
    return found


def read_token(path: Path) -> str:
    """The token in a file, without the blanks around it.

    Raises
    ------
    ConfigError
        Where the file cannot be read, or its token is shorter than 16 characters or no ASCII.
    """
    try:
        token = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the token cannot be read ({error}).") from None
    if len(token) < 16 or not token.isascii() or any(map(str.isspace, token)):
        raise ConfigError(
            f"{path}: the token has {len(token)} characters; expected 16 or more of ASCII, without "
            "blanks."
        )
    return token
