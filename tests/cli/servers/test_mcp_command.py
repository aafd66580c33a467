"""The command mcp says which package is missing; its server is tested in tests/mcp."""

import sys

import pytest
from typer.testing import CliRunner

from galsearch.cli import app
from galsearch.core.errors import MissingExtraError


def test_the_sdk_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "galsearch.mcp.stdio_server", None)
    monkeypatch.delitem(sys.modules, "galsearch.mcp.stdio_server")
    monkeypatch.setitem(sys.modules, "anyio", None)
    with pytest.raises(MissingExtraError) as error:
        CliRunner().invoke(app, ["mcp"], catch_exceptions=False)
    assert str(error.value) == "anyio is not installed: pip install 'galsearch[mcp]'."
