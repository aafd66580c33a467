"""The tool explain answers with texts for TARGETIDs; the others are tested through the server."""

import json

import pytest

pytest.importorskip("mcp")

from galsearch.analysis.explanation import removal_effects
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.mcp.tool_fields import ExplainToolAnswer, ExplainToolFields
from galsearch.mcp.tools import TOOLS, OpenIndexes


def test_a_similarity_is_explained(demonstration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demonstration.home)
    monkeypatch.setattr(removal_effects, "N_GROUPS", 4)
    opened = OpenIndexes.opened(
        ServiceSettings({"demo": demonstration.home / "index_builds" / "demo"})
    )
    one = demonstration.target_id
    fields = ExplainToolFields(a=one, b=one, top=2)
    found = TOOLS["explain"].call(opened, fields)
    json.dumps(found, allow_nan=False)
    answer = ExplainToolAnswer.model_validate(found)
    assert answer.similarity == pytest.approx(1, abs=1e-4)
    assert [(part.galaxy, part.rank) for part in answer.parts] == [
        ("A", 1),
        ("A", 2),
        ("B", 1),
        ("B", 2),
    ]
    assert found["parts"][0]["target_id"] == one
    assert "low_angstrom" not in found["parts"][0]
