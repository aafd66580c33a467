"""A reader of pickles that executes nothing and imports nothing.

A pickle is a program that names functions and calls them. Here no name is ever looked up: the
few that describe a tensor are answered by our own records, any other by an inert stand-in that
swallows what the program does with it (this is how a checkpoint that pickles whole modules is
read past). Names by which a pickle could do harm are refused with an error that says so,
although nothing here would have called them: such a file should not be opened elsewhere either.
"""

import io
import pickle
import pickletools
import sys
from dataclasses import dataclass
from typing import Any

from galsearch.core.errors import CheckpointError

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
"""torch's storage classes, by name, and what they hold."""

_BUILTINS = (
    *("object", "set", "frozenset", "list", "dict", "tuple", "slice", "range", "xrange"),
    *("int", "long", "float", "complex", "bool", "str", "unicode", "bytes", "bytearray"),
    *("Ellipsis", "NotImplemented"),
)
_HARMLESS = {
    *((module, name) for module in ("builtins", "__builtin__") for name in _BUILTINS),
    *((module, "_reconstructor") for module in ("copyreg", "copy_reg")),
    *(("collections", name) for name in ("Counter", "OrderedDict", "defaultdict", "deque")),
    *(("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")),
    *(("pathlib", name) for name in ("Path", "PosixPath", "PurePosixPath", "WindowsPath")),
    ("_codecs", "encode"),
    ("argparse", "Namespace"),
    ("functools", "partial"),
    ("types", "SimpleNamespace"),
}
"""Names of the standard library that plain data is pickled with; read past like the rest."""
_LIBRARY = sys.stdlib_module_names | {"__builtin__", "commands", "copy_reg", "exceptions", "nt"}
_RUNS_CODE = {"IPython", "cloudpickle", "dill", "ipykernel", "joblib", "pip", "setuptools"}
"""Packages outside the standard library whose names in a pickle mean stored code."""
_CALLED = {
    "numpy": {"_frombuffer", "_reconstruct", "dtype", "ndarray", "scalar"},
    "torch": {"Generator", "Parameter", "Size", "Tensor", "_get_layout", "device"},
}
"""What a pickle of numbers calls in these packages. Elsewhere it may call what is named like a
class; a function that is only named, such as an activation, does no harm anywhere."""


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """Where a tensor lies in an archive; the pickle's word, to be checked against the archive."""

    dtype: str
    """torch's name, such as 'float32'."""
    key: str
    """Of the storage."""
    n_stored: int
    """Numbers in the storage."""
    offset: int
    """The tensor's first number."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers that tensors lie in."""

    dtype: str
    key: str
    n_stored: int


class InertDict(dict[Any, Any]):
    """An OrderedDict without attributes: what a pickle sets on it is dropped."""

    def __setstate__(self, state: object) -> None:
        """Drop `state`."""


class _InertType(type):
    """The type of stand-ins: calling one makes an instance, or raises its `refusal`."""

    refusal: str
    names: str

    def __call__(cls, *arguments: object, **options: object) -> Any:  # noqa: ARG002
        if cls.refusal:
            raise CheckpointError(cls.refusal)
        return super().__call__()


class _Inert(metaclass=_InertType):
    """In the place of a class or function that was named; every pickle operation is a no-op."""

    refusal = ""
    names = ""
    # With it, the opcodes OBJ and INST call a stand-in even where they bring no arguments.
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
    """Answers `torch._utils._rebuild_tensor_v2`."""
    if not isinstance(storage, Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    sides, steps = _naturals(shape), _naturals(strides)
    if len(sides) != len(steps):
        raise pickle.UnpicklingError("a tensor with other numbers of sides and strides")
    (first,) = _naturals((offset,))
    return StoredTensor(storage.dtype, storage.key, storage.n_stored, first, sides, steps)


def _rebuild_parameter(data: object, *rest: object) -> object:  # noqa: ARG001
    """Answers `torch._utils._rebuild_parameter`: a parameter is its tensor."""
    return data


_ANSWERS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): InertDict,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
}


class _InertUnpickler(pickle.Unpickler):
    """Reads a pickle into dicts, lists, numbers, text, `StoredTensor`s and stand-ins."""

    def __init__(self, stream: io.BytesIO, where: str, storages: dict[str, Storage]) -> None:
        super().__init__(stream)
        self.where, self.storages = where, storages

    def find_class(self, module: str, name: str) -> Any:
        """What stands for `module.name`; never the thing itself."""
        if (module, name) in _ANSWERS:
            return _ANSWERS[module, name]
        refusal = (
            f"{self.where}: this pickle would run code when opened: it asks for {module}.{name}. "
            "Refused, and nothing was executed; do not open it with other software."
        )
        root, harmless = module.partition(".")[0], (module, name) in _HARMLESS
        if (root in _LIBRARY and not harmless) or root in _RUNS_CODE:
            raise CheckpointError(refusal)
        last = name.rpartition(".")[2].lstrip("_")
        callable_ = name in _CALLED[root] if root in _CALLED else last[:1].isupper()
        rebuilds = module == "torch._utils" and name.startswith("_rebuild_")
        attributes = {
            "names": f"{module}.{name}",
            "refusal": "" if harmless or callable_ or rebuilds else refusal,
        }
        return _InertType(name, (_Inert,), attributes)

    def persistent_load(self, pid: Any) -> Any:
        """A storage: the file holds its numbers, the pickle only where they are."""
        # Before PyTorch 1.6: modules with their source, and storages that may be views.
        if isinstance(pid, tuple) and len(pid) == 4 and pid[0] == "module":
            return pid[1]
        if not isinstance(pid, tuple) or len(pid) not in (5, 6) or any(pid[5:]):
            raise pickle.UnpicklingError("a reference to something else than a storage")
        kind, storage_type, key, _, n_stored = pid[:5]
        package, _, name = getattr(storage_type, "names", "").rpartition(".")
        known = package == "torch" and name in STORAGE_DTYPES and kind == "storage"
        if not (known and type(key) is str and type(n_stored) is int and n_stored >= 0):
            raise pickle.UnpicklingError("a reference to a storage of an unknown kind")
        storage = Storage(STORAGE_DTYPES[name], key, n_stored)
        if self.storages.setdefault(key, storage) != storage:
            raise pickle.UnpicklingError("a storage of two kinds or lengths")
        return storage


def unpickle(stream: io.BytesIO, where: str, storages: dict[str, Storage] | None = None) -> Any:
    """The next object of the pickles in `stream`, read without executing anything.

    Storages that it refers to are added to `storages` by their keys.

    Raises
    ------
    CheckpointError
        Where it names or calls what could do harm, or is not a whole pickle.
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
            f"{where}: a pickle that is truncated or not made of tensors ({error})."
        ) from None


def _check_memo(stream: io.BytesIO) -> None:
    """Raise where a few bytes ask for a memo of gigabytes (an array up to its highest number)."""
    n_bytes = len(stream.getbuffer())
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name.endswith("PUT") and int(argument or 0) > n_bytes:
            raise pickle.UnpicklingError("its memo is larger than the pickle")


def _naturals(values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple) or any(type(n) is not int or n < 0 for n in values):
        raise pickle.UnpicklingError("a tensor whose layout is not made of natural numbers")
    return values
