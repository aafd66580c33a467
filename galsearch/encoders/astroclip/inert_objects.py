"""Objects that stand for what a pickle names: layouts of tensors, and placeholders that do nothing.

A placeholder takes the place of a class or function. It ignores what the pickle does with it, and
a call of one that might run code raises an error.
"""

from dataclasses import dataclass
from typing import Any

from galsearch.core.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """Layout of a tensor as a pickle states it, still to be checked against the file."""

    dtype: str
    """Name of the dtype in torch, such as 'float32'."""
    key: str
    """Key of the storage (block of values) that holds the tensor."""
    n_stored: int
    """Number of values in the storage."""
    offset: int
    """Index in the storage of the first value of the tensor."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Storage:
    """A block of values in a checkpoint, which one or several tensors share."""

    dtype: str
    key: str
    n_stored: int


class InertDict(dict[Any, Any]):
    """A dictionary that ignores the attributes a pickle sets on it; it replaces OrderedDict."""

    def __setstate__(self, state: object) -> None:
        """Ignore the attributes that a pickle sets on the dictionary."""


class InertType(type):
    """Metaclass of placeholders: a call returns an instance, or raises an error if it is unsafe."""

    names: str
    """Full name of the class or function that the placeholder replaces."""
    where: str
    """Name of the file for messages."""
    may_be_called: bool

    def __call__(cls, *arguments: object, **options: object) -> Any:  # noqa: ARG002
        """An instance, whatever the arguments; `CheckpointError` where a call is not allowed."""
        if not cls.may_be_called:
            raise refusal(cls.where, cls.names)
        return super().__call__()


class Inert(metaclass=InertType):
    """Placeholder of a class or function that a pickle names; operations on it do nothing."""

    names = "object"
    where = ""
    may_be_called = True
    # The pickle opcodes OBJ and INST create an object through its class only if the class has the
    # attribute `__getinitargs__`.
    __getinitargs__ = ()

    def __new__(cls, *arguments: object, **options: object) -> "Inert":  # noqa: ARG004
        """An instance without any content."""
        return object.__new__(cls)

    def __call__(self, *arguments: object) -> None:  # noqa: ARG002
        """Refuse the call of an object, such as a function with arguments bound to it."""
        raise refusal(self.where, self.names)

    def __setstate__(self, state: object) -> None:
        """Ignore the attributes that a pickle sets."""

    def __setitem__(self, key: object, value: object) -> None:
        """Ignore an item."""

    def append(self, value: object) -> None:
        """Ignore an item."""

    def extend(self, values: object) -> None:
        """Ignore items."""

    def add(self, value: object) -> None:
        """Ignore a member of a set."""


def refusal(where: str, names: str) -> CheckpointError:
    """The error for a pickle in the file `where` that would run the code called `names`."""
    return CheckpointError(
        f"{where}: this pickle would run code when opened: it names {names}. "
        "Nothing was executed; do not open this file with other software."
    )


def placeholder(names: str, where: str, *, may_be_called: bool) -> InertType:
    """Placeholder of the class or function called `names` in a pickle in the file `where`."""
    attributes = {"names": names, "where": where, "may_be_called": may_be_called}
    return InertType("placeholder", (Inert,), attributes)
