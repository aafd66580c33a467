"""Functions of torch that make tensors are replaced by ones that return the layout."""

import pickle
from typing import Any

import pytest

from galsearch.encoders.astroclip.inert_objects import Storage, StoredTensor
from galsearch.encoders.astroclip.tensor_layout import REPLACEMENTS

STORAGE = Storage("float32", "0", 6)
NO_LIST = "a tensor whose layout is not a short list of numbers"
NOT_NATURAL = "a tensor whose layout does not consist of natural numbers"
REBUILD = REPLACEMENTS["torch._utils", "_rebuild_tensor_v2"]


def test_a_tensor_its_parameter_and_a_subclass_have_the_same_layout() -> None:
    layout = StoredTensor("float32", "0", 6, 1, (2, 2), (2, 1))
    arguments = (STORAGE, 1, (2, 2), (2, 1), False, None)
    assert REBUILD(*arguments) == layout
    assert REPLACEMENTS["torch._utils", "_rebuild_parameter"](layout, True, None) == layout
    subclass = REPLACEMENTS["torch._tensor", "_rebuild_from_type_v2"]
    assert subclass(REBUILD, object, arguments, {}) == layout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("0", 0, (2,), (1,)), "a tensor without a storage"),
        ((STORAGE, 0, (2,), ()), "a tensor with different numbers of dimensions and strides"),
        ((STORAGE, 0, [2], (1,)), "a tensor whose layout is not a short list of numbers"),
        (
            (STORAGE, 0, (1,) * 65, (1,) * 65),
            "a tensor whose layout is not a short list of numbers",
        ),
        ((STORAGE, -1, (2,), (1,)), "a tensor whose layout does not consist of natural numbers"),
        ((STORAGE, 0, (True,), (1,)), "a tensor whose layout does not consist of natural numbers"),
    ],
)
def test_a_layout_that_no_tensor_has_is_refused(arguments: Any, reason: str) -> None:
    with pytest.raises(pickle.UnpicklingError) as caught:
        REBUILD(*arguments)
    assert str(caught.value) == reason


def test_a_subclass_of_something_else_is_refused() -> None:
    with pytest.raises(pickle.UnpicklingError) as caught:
        REPLACEMENTS["torch._tensor", "_rebuild_from_type_v2"](print, object, (), {})
    assert str(caught.value) == "a subclass of a tensor that is not made from a tensor"
