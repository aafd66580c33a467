"""Remedies of tool errors speak of paths and of the user, not of uploads and operators."""

import pytest

pytest.importorskip("mcp")

from galsearch.core.errors import ManifestError, SourceError
from galsearch.http.refusals import request_remedies
from galsearch.mcp.tool_remedies import _LOCAL, REMEDIES, remedy_of


def test_no_remedy_speaks_of_uploads_or_of_the_operator_of_a_service() -> None:
    for text in REMEDIES.values():
        assert "pload" not in text
        assert "operator" not in text


def test_each_local_remedy_replaces_one_of_the_service() -> None:
    assert set(_LOCAL) <= set(request_remedies.REMEDIES)


def test_an_error_that_no_call_causes_has_the_remedy_of_the_library() -> None:
    assert remedy_of(SourceError("x")).startswith("Give the path, on the machine of the server")
    assert remedy_of(ManifestError("x")) == ManifestError.remedy
