"""The fields of a request for estimates become a request of the library."""

from pathlib import Path

from galsearch.core.modality import Modality
from galsearch.core.target_id import TargetId
from galsearch.http.state.service_settings import Limits
from galsearch.http.words.estimate_request import EstimateFields
from galsearch.query import open_index


def test_words_become_those_of_the_library(toy_index: Path) -> None:
    engine = open_index(toy_index)
    fields = EstimateFields(property="z, kind", using="spectrum", k=5, as_classes="kind")
    estimation = fields.estimation(TargetId(5), engine, Limits())
    assert estimation.property == ("z", "kind")
    assert (estimation.using, estimation.k) == (Modality.SPECTRUM, 5)
    assert estimation.as_classes == ("kind",)
    assert estimation.index is engine
