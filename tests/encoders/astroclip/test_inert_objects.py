"""Placeholders ignore what is done with them and refuse calls that might run code."""

import pytest

from galsearch.core.errors import CheckpointError
from galsearch.encoders.astroclip.inert_objects import Inert, InertDict, placeholder


def test_a_placeholder_of_a_class_ignores_what_is_done_with_it() -> None:
    kind = placeholder("mypackage.Thing", "a.ckpt", may_be_called=True)
    thing = kind(1, a=2)
    thing.__setstate__({"a": 1})
    thing["a"] = 1
    thing.append(1)
    thing.extend([1])
    thing.add(1)
    assert isinstance(thing, Inert)
    assert vars(thing) == {}
    assert kind.names == "mypackage.Thing"


@pytest.mark.parametrize("may_be_called", [True, False])
def test_a_call_of_a_function_or_an_object_is_refused(may_be_called: bool) -> None:
    kind = placeholder("os.system", "a.ckpt", may_be_called=may_be_called)
    with pytest.raises(CheckpointError) as caught:
        kind()("true")
    assert str(caught.value) == (
        "a.ckpt: this pickle would run code when opened: it names os.system. Nothing was executed; "
        "do not open this file with other software."
    )


def test_a_dictionary_ignores_attributes() -> None:
    items = InertDict(a=1)
    items.__setstate__({"b": 2})
    assert items == {"a": 1}
