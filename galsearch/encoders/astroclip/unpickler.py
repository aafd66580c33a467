"""Reader of pickles that executes nothing and imports nothing.

A pickle is a program that names functions and calls them. This reader never imports a name. The
few names that describe a tensor are replaced by records of its layout, all others by inert
placeholders that ignore what the program does with them; so a checkpoint that pickles whole
modules can be read. Names by which a pickle could do harm raise an error although nothing here
would call them, because such a file should not be opened with other software either.
"""

import io
import pickle
import pickletools
import warnings
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from galsearch.core.errors import CheckpointError
from galsearch.encoders.astroclip.inert_objects import (
    Inert,
    InertDict,
    InertType,
    Storage,
    placeholder,
    refusal,
)
from galsearch.encoders.astroclip.pickle_names import is_dangerous, may_be_called
from galsearch.encoders.astroclip.tensor_layout import REPLACEMENTS, STORAGE_DTYPES

MAX_OPERATIONS = 1_000_000
"""Largest number of operations in a pickle that is accepted.

A tensor takes about 35 operations; the largest published checkpoint has 446 tensors.
"""
_MAX_NAME_LENGTH = 1000
"""Largest number of characters in the name of a class or function."""
_MAX_KEY_BITS, _MAX_KEY_DEPTH, _MAX_KEY_PARTS = 64, 8, 1000
"""Limits of the keys in a dictionary: bits of a number, and depth and size of nested tuples."""


_OPERATIONS: dict[int, Callable[[Any], None]] = dict(pickle._Unpickler.dispatch)
"""Operations of the unpickler of the standard library, by the first byte of each."""


# The unpickler of the standard library that is written in Python is slower than the one written in
# C, and lets a subclass check every operation. The pickle of a checkpoint is small.
class _InertUnpickler(pickle._Unpickler):
    """Unpickler that builds dicts, lists, numbers, text, `StoredTensor`s and placeholders only."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(_OPERATIONS)
    stack: list[Any]

    def __init__(self, stream: io.BytesIO, where: str, storages: dict[str, Storage]) -> None:
        super().__init__(stream)
        self.where, self.storages = where, storages
        self._n_copied = 0
        self._calls: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): self._ordered_dict,
            ("functools", "reduce"): self._union_of_types,
            ("_functools", "reduce"): self._union_of_types,
        }
        for module in ("builtins", "__builtin__"):
            self._calls[module, "getattr"] = self._attribute
            self._calls[module, "type"] = self._type_of
            self._calls[module, "reduce"] = self._union_of_types
        for module in ("_operator", "operator"):
            self._calls[module, "getitem"] = self._item

    def find_class(self, module: str, name: str) -> Any:
        """A replacement or placeholder for `module.name`, which is never imported itself."""
        key = (module, name)
        if key in REPLACEMENTS or key in self._calls:
            return REPLACEMENTS.get(key) or self._calls[key]
        full_name = f"{module}.{name}"
        if len(full_name) > _MAX_NAME_LENGTH:
            raise pickle.UnpicklingError(f"a name of {len(full_name)} characters")
        if is_dangerous(module, name):
            raise refusal(self.where, full_name)
        return self._placeholder(full_name, may_be_called=may_be_called(module, name))

    def persistent_load(self, pid: Any) -> Any:
        """Description of a storage that a pickle refers to; its values are outside the pickle."""
        # Before PyTorch 1.6 pickles also referred to modules with their source code, and references
        # to a storage had a sixth entry, for views.
        if isinstance(pid, tuple) and len(pid) == 4 and pid[0] == "module":
            return pid[1]
        if not isinstance(pid, tuple) or len(pid) not in (5, 6) or any(pid[5:]):
            raise pickle.UnpicklingError("a reference to something other than a storage")
        kind, storage_type, key, _, n_stored = pid[:5]
        package, _, name = getattr(storage_type, "names", "").rpartition(".")
        known = package == "torch" and name in STORAGE_DTYPES and kind == "storage"
        if not (known and type(key) is str and type(n_stored) is int and n_stored >= 0):
            raise pickle.UnpicklingError("a reference to a storage of an unknown kind")
        storage = Storage(STORAGE_DTYPES[name], key, n_stored)
        if self.storages.setdefault(key, storage) != storage:
            raise pickle.UnpicklingError("a storage with two types or lengths")
        return storage

    def _placeholder(self, names: str, *, may_be_called: bool = False) -> InertType:
        return placeholder(names, self.where, may_be_called=may_be_called)

    def _ordered_dict(self, items: object = ()) -> InertDict:
        """Replacement of `collections.OrderedDict`; protocols of Python 2 pass all its items."""
        pairs = list(items.items() if isinstance(items, dict) else items)  # type: ignore[call-overload]
        self._n_copied += len(pairs)
        if self._n_copied > MAX_OPERATIONS:
            raise pickle.UnpicklingError("more copies of dictionaries than it has operations")
        _check_keys([key for key, _ in pairs])
        return InertDict(pairs)

    def _attribute(self, owner: object, name: object, *default: object) -> Any:  # noqa: ARG002
        """Replacement of `getattr`, by which protocols 2 and 3 name classes in classes."""
        if isinstance(owner, InertType) and type(name) is str:
            module, _, kind = owner.names.rpartition(".")
            return self.find_class(module, f"{kind}.{name}")
        return self._placeholder("an attribute of an object")

    def _item(self, container: object, key: object) -> Any:  # noqa: ARG002
        """Replacement of `operator.getitem`, by which types such as `list[int]` are restored."""
        return self._placeholder("an item of an object")

    def _type_of(self, *arguments: object) -> Any:
        """Replacement of `type`, by which the type of None is restored."""
        if len(arguments) != 1:
            raise refusal(self.where, "builtins.type")
        return self._placeholder("the type of an object")

    def _union_of_types(self, function: object, *rest: object) -> Any:  # noqa: ARG002
        """Replacement of `functools.reduce`, by which types such as `int | None` are restored."""
        if getattr(function, "names", "") not in {"_operator.or_", "operator.or_"}:
            raise refusal(self.where, "functools.reduce")
        return self._placeholder("a union of types")

    def load_build(self) -> None:
        """Ignore the state of a placeholder; nothing else in a pickle of tensors has one."""
        self.stack.pop()
        if not isinstance(self.stack[-1], (Inert, InertDict)):
            raise pickle.UnpicklingError("an object whose attributes cannot be set")

    def load_setitem(self) -> None:
        """Set one item of a dictionary, after a check of its key."""
        _check_keys(self.stack[-2:-1])
        _OPERATIONS[pickle.SETITEM[0]](self)

    def load_setitems(self) -> None:
        """Set several items of a dictionary, after a check of their keys."""
        _check_keys(self.stack[::2])
        _OPERATIONS[pickle.SETITEMS[0]](self)

    def load_dict(self) -> None:
        """Make a dictionary of the items on the stack, after a check of their keys."""
        _check_keys(self.stack[::2])
        _OPERATIONS[pickle.DICT[0]](self)

    def load_additems(self) -> None:
        """Add members to a set, after a check of them."""
        _check_keys(self.stack)
        _OPERATIONS[pickle.ADDITEMS[0]](self)

    def load_frozenset(self) -> None:
        """Make a frozen set of the members on the stack, after a check of them."""
        _check_keys(self.stack)
        _OPERATIONS[pickle.FROZENSET[0]](self)

    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
    dispatch[pickle.DICT[0]] = load_dict
    dispatch[pickle.ADDITEMS[0]] = load_additems
    dispatch[pickle.FROZENSET[0]] = load_frozenset


def unpickle(stream: io.BytesIO, where: str, storages: dict[str, Storage] | None = None) -> Any:
    """The next pickled object in `stream`, read without executing anything.

    Time and memory are bounded: a pickle may have at most `MAX_OPERATIONS` operations, and keys of
    dictionaries may be nested `_MAX_KEY_DEPTH` levels deep.

    Parameters
    ----------
    stream
        One or several pickles. The position afterwards is the end of the pickle that was read.
    where
        Name of the file for messages.
    storages
        Dictionary to which the storages that the object refers to are added, by key.

    Raises
    ------
    CheckpointError
        Where the pickle names or calls something that could do harm, or is incomplete.
    """
    start = stream.tell()
    try:
        # Text of protocol 0 may hold escapes that Python warns of.
        with warnings.catch_warnings(action="ignore"):
            _check_operations(stream)
            stream.seek(start)
            return _InertUnpickler(stream, where, {} if storages is None else storages).load()
    except CheckpointError:
        raise
    except (
        pickle.UnpicklingError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        EOFError,
        LookupError,
        MemoryError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise CheckpointError(
            f"{where}: a pickle that is truncated or does not consist of tensors "
            f"({str(error)[:200]})."
        ) from None


def _check_operations(stream: io.BytesIO) -> None:
    """Check the number of operations of a pickle, which bounds the objects that it can make."""
    for number, _ in enumerate(pickletools.genops(stream)):
        if number > MAX_OPERATIONS:
            raise pickle.UnpicklingError(f"it has more than {MAX_OPERATIONS} operations")


def _check_keys(keys: Iterable[object]) -> None:
    """Check that keys of a dictionary or members of a set are quick to hash.

    The hash of nested tuples takes a level of the C stack for each level, and visits a tuple as
    often as others refer to it.
    """
    for key in keys:
        pending, n_parts = [(key, 0)], 0
        while pending:
            part, depth = pending.pop()
            if isinstance(part, int) and part.bit_length() > _MAX_KEY_BITS:
                raise pickle.UnpicklingError(f"a key of {part.bit_length()} bits")
            if isinstance(part, (tuple, frozenset)):
                n_parts += len(part) + 1
                if depth > _MAX_KEY_DEPTH or n_parts > _MAX_KEY_PARTS:
                    raise pickle.UnpicklingError("a key of nested tuples")
                pending.extend((item, depth + 1) for item in part)
