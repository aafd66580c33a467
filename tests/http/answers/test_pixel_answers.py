"""Pictures and spectra are made once."""

import json
from typing import Any

import pytest

from galsearch.core.errors import UnknownTargetError
from galsearch.core.target_id import TargetId
from galsearch.http.answers.pixel_answers import spectrum_answer, thumbnail_answer
from galsearch.http.state.served_index import ServedIndexes
from galsearch.http.state.service_settings import ServiceSettings


def test_a_picture_is_kept_and_an_unknown_galaxy_has_none(
    demonstration: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ServiceSettings(
        {"demo": demonstration.home / "index_builds" / "demo"},
        datasets={"demo": demonstration.home / "demo" / "dataset"},
    )
    served = ServedIndexes(settings).get(None)
    target_id = TargetId(demonstration.target_id)
    first = thumbnail_answer(served, target_id, None)
    spectrum = json.loads(spectrum_answer(served, target_id, None))
    assert len(spectrum["flux"]) == len(spectrum["wavelength_angstrom"]) == 389
    with pytest.raises(UnknownTargetError) as caught:
        thumbnail_answer(served, TargetId(5), None)
    assert str(caught.value) == "the dataset of index 'demo' has no TARGETID 5."
    monkeypatch.setattr(served, "pixels", None)
    assert thumbnail_answer(served, target_id, None) is first
