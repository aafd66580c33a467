"""The tool explain answers with texts for TARGETIDs; the others are tested through the server."""

import json
from typing import Any

import pytest

pytest.importorskip("mcp")

import galsearch
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.mcp import tools
from galsearch.mcp.tool_fields import ExplainToolAnswer, ExplainToolFields
from galsearch.mcp.tools import TOOLS, OpenIndexes
from tests.analysis.explanation.summing_encoder import SummingPair
from tests.query.inputs.own_data.own_files import galaxy


def test_a_similarity_is_explained(demonstration, monkeypatch: pytest.MonkeyPatch) -> None:
    home, target_id = demonstration.home, demonstration.target_id
    given: dict[str, Any] = {}

    def explained(a: str, b: str, **words: Any) -> galsearch.Explanation:
        given.update(words, a=a, b=b)
        pair = SummingPair(image=0.1, spectrum=0.001)
        return galsearch.explain(
            target_id, galaxy(), using="spectrum", dataset=home / "demo" / "dataset", encoder=pair
        )

    monkeypatch.setattr(tools, "explain", explained)
    opened = OpenIndexes.opened(ServiceSettings({"demo": home / "index_builds" / "demo"}))
    fields = ExplainToolFields(a=target_id, b="a.fits", using="spectrum", top=2)
    found = TOOLS["explain"].call(opened, fields)
    assert given == {
        "a": target_id,
        "b": "a.fits",
        "using": "spectrum",
        "among": "image",
        "index": opened.indexes.get("demo").engine,
        "dataset": None,
    }
    json.dumps(found, allow_nan=False)
    answer = ExplainToolAnswer.model_validate(found)
    assert [(part.galaxy, part.part, part.rank) for part in answer.parts] == [
        *(("A", "stretch", 1), ("A", "stretch", 2), ("A", "line", 1), ("A", "line", 2)),
        *(("B", "patch", 1), ("B", "patch", 2)),
    ]
    assert [part.get("target_id") for part in found["parts"]] == [target_id] * 4 + [None] * 2
    assert "x_pixel" not in found["parts"][0]
    assert "low_angstrom" not in found["parts"][-1]
