"""A request for estimates is checked once, whoever builds it."""

from typing import Any

import numpy as np
import pytest

from galsearch.analysis.estimation import Estimation, Method
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality


def test_values_are_parsed() -> None:
    request = Estimation("7", "z, mass,z", using="spectrum", as_classes="mass")
    assert request.property == ("z", "mass")
    assert request.as_classes == ("mass",)
    assert request.using is Modality.SPECTRUM
    assert request.method is Method.NEIGHBOURS
    assert request.target_ids is not None
    assert list(request.target_ids) == [7]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"property": " ,"}, "property names no column."),
        ({"property": [1]}, "property is [1]; expected names of columns."),
        ({"method": "magic"}, "method is 'magic'; expected 'neighbours' or 'templates'."),
        ({"using": "radio"}, "using is 'radio'; expected 'image' or 'spectrum'."),
        ({"k": 0}, "k is 0; expected a whole number, 1 or more."),
        ({"n_held_out": 1.5}, "n_held_out is 1.5; expected a whole number, 1 or more."),
        ({"as_classes": "n_arms"}, "as_classes names 'n_arms', which is not a wanted property."),
        ({"dataset": "d"}, "dataset is read by the method 'templates' alone."),
        (
            {"method": "templates", "property": "mass", "dataset": "d"},
            "property is 'mass'; templates estimate the redshift 'z' alone.",
        ),
        (
            {"method": "templates"},
            "the method 'templates' reads a spectrum or a dataset; neither is given.",
        ),
        (
            {"method": "templates", "dataset": "d", "bank": "b"},
            "bank is not used beside the method 'templates'.",
        ),
        (
            {"method": "templates", "dataset": "d", "spectrum": np.ones(7781)},
            "the method 'templates' reads a spectrum or a dataset; both are given.",
        ),
        (
            {"spectrum": np.ones(7781), "where": "z > 0"},
            "where is not used beside an image or a spectrum.",
        ),
    ],
)
def test_wrong_requests_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError) as error:
        Estimation(None, **{"property": "z", **arguments})
    assert str(error.value) == message


def test_own_data_name_the_modality() -> None:
    request = Estimation(None, "z", spectrum=np.ones(7781))
    assert request.using is Modality.SPECTRUM
    assert request.own is not None
    assert Estimation(None, "z").using is Modality.IMAGE


def test_own_data_and_embeddings_need_no_index() -> None:
    assert Estimation(None, "z").needs_index
    assert not Estimation(None, "z", spectrum=np.ones(7781)).needs_index
    assert not Estimation(None, "z", from_embeddings="embeddings").needs_index
