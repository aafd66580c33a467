"""Every error has a stable code, a built-in parent and a remedy in every face."""

import inspect
import pickle

import pytest

from galsearch.cli.remedies import REMEDIES
from galsearch.core import errors
from galsearch.core.errors import GalsearchError

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, GalsearchError)
]


def test_codes_are_different() -> None:
    codes = [kind.code for kind in CLASSES]
    assert len(set(codes)) == len(codes)


def test_the_command_line_has_a_remedy_for_every_code_and_no_other() -> None:
    assert set(REMEDIES) == {kind.code for kind in CLASSES}
    assert all(text.endswith(".") for text in REMEDIES.values())


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind is not GalsearchError])
def test_python_has_a_remedy_without_flags_of_the_command_line(kind: type) -> None:
    assert "remedy" in vars(kind)
    assert kind.remedy.endswith(".")
    assert "--" not in kind.remedy
    assert kind("it failed.").__notes__ == [kind.remedy]


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_is_also_a_builtin_and_survives_pickling(kind: type[GalsearchError]) -> None:
    error = pickle.loads(pickle.dumps(kind("it failed.", n=3)))  # noqa: S301 (our own bytes)
    assert (type(error), str(error), error.facts) == (kind, "it failed.", {"n": 3})
    builtin = [base for base in kind.__mro__ if base.__module__ == "builtins"]
    assert kind is GalsearchError or builtin[0] not in (Exception, BaseException)
