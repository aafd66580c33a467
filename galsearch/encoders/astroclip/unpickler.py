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
from dataclasses import dataclass
from typing import Any

from galsearch.core.errors import CheckpointError
from galsearch.encoders.astroclip.pickle_names import is_dangerous, may_be_called

STORAGE_DTYPES = {
    "BFloat16Storage": "bfloat16",
    "BoolStorage": "bool",
    "ByteStorage": "uint8",
    "CharStorage": "int8",
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "ShortStorage": "int16",
}
"""Name of the torch dtype of the values in a storage, by the name of its class in torch."""


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


class _InertType(type):
    """Metaclass of placeholders: a call returns an instance, or raises an error if it is unsafe."""

    refusal: str
    names: str

    def __call__(cls, *arguments: object, **options: object) -> Any:  # noqa: ARG002
        if cls.refusal:
            raise CheckpointError(cls.refusal)
        return super().__call__()


class _Inert(metaclass=_InertType):
    """Placeholder of a class or function that a pickle names; operations on it do nothing."""

    refusal = ""
    names = ""
    # The pickle opcodes OBJ and INST create an object through its class only if the class has the
    # attribute `__getinitargs__`.
    __getinitargs__ = ()

    def __new__(cls, *arguments: object, **options: object) -> "_Inert":  # noqa: ARG004
        return object.__new__(cls)

    def __setstate__(self, state: object) -> None: ...

    def __setitem__(self, key: object, value: object) -> None: ...

    def append(self, value: object) -> None: ...

    def extend(self, values: object) -> None: ...

    def add(self, value: object) -> None: ...


def _rebuild_tensor(
    storage: object,
    offset: object,
    shape: object,
    strides: object,
    *rest: object,  # noqa: ARG001
) -> StoredTensor:
    """Replacement of `torch._utils._rebuild_tensor_v2` that returns the layout of the tensor."""
    if not isinstance(storage, Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    sides, steps = _naturals(shape), _naturals(strides)
    if len(sides) != len(steps):
        raise pickle.UnpicklingError("a tensor with different numbers of dimensions and strides")
    (first,) = _naturals((offset,))
    return StoredTensor(storage.dtype, storage.key, storage.n_stored, first, sides, steps)


def _rebuild_parameter(data: object, *rest: object) -> object:  # noqa: ARG001
    """Replacement of `torch._utils._rebuild_parameter` that returns the tensor of the parameter."""
    return data


_REPLACEMENTS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): InertDict,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
}


class _InertUnpickler(pickle.Unpickler):
    """Unpickler that builds dicts, lists, numbers, text, `StoredTensor`s and placeholders only."""

    def __init__(self, stream: io.BytesIO, where: str, storages: dict[str, Storage]) -> None:
        super().__init__(stream)
        self.where, self.storages = where, storages

    def find_class(self, module: str, name: str) -> Any:
        """A replacement or placeholder for `module.name`, which is never imported itself."""
        if (module, name) in _REPLACEMENTS:
            return _REPLACEMENTS[module, name]
        refusal = (
            f"{self.where}: this pickle would run code when opened: it names {module}.{name}. "
            "Nothing was executed; do not open this file with other software."
        )
        if is_dangerous(module, name):
            raise CheckpointError(refusal)
        attributes = {
            "names": f"{module}.{name}",
            "refusal": "" if may_be_called(module, name) else refusal,
        }
        return _InertType(name, (_Inert,), attributes)

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


def unpickle(stream: io.BytesIO, where: str, storages: dict[str, Storage] | None = None) -> Any:
    """The next pickled object in `stream`, read without executing anything.

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
        _check_memo(stream)
        stream.seek(start)
        return _InertUnpickler(stream, where, {} if storages is None else storages).load()
    except CheckpointError:
        raise
    except (
        pickle.UnpicklingError,
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        MemoryError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise CheckpointError(
            f"{where}: a pickle that is truncated or does not consist of tensors ({error})."
        ) from None


def _check_memo(stream: io.BytesIO) -> None:
    """Check that no index of a pickle's memo is larger than the pickle.

    The memo is an array up to its highest index, so a few bytes could allocate gigabytes.
    """
    n_bytes = len(stream.getbuffer())
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name.endswith("PUT") and int(argument or 0) > n_bytes:
            raise pickle.UnpicklingError("its memo is larger than the pickle")


def _naturals(values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple) or any(type(n) is not int or n < 0 for n in values):
        raise pickle.UnpicklingError("a tensor whose layout does not consist of natural numbers")
    return values
