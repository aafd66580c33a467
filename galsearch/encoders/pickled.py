"""A reader of pickles that executes nothing and imports nothing.

A pickle is a program that names functions and calls them. Here every name is looked up in the
tables below and nowhere else: the few that describe a tensor are answered by our own records,
any other becomes an inert stand-in that swallows whatever the program does with it (this is how
a checkpoint that pickles whole modules is read past), and names by which a pickle could do harm
are refused with an error that says so, although nothing here would have called them.
"""

import io
import pickle
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
    "UntypedStorage": "uint8",
}
"""torch's storage classes, by name, and what they hold."""

_BUILTINS = (
    "object set frozenset list dict tuple int long float complex str unicode bytes bytearray bool "
    "slice range xrange Ellipsis NotImplemented"
).split()
_HARMLESS = {
    ("_codecs", "encode"),
    ("argparse", "Namespace"),
    ("collections", "Counter"),
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
    ("collections", "deque"),
    ("copy_reg", "_reconstructor"),
    ("copyreg", "_reconstructor"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("functools", "partial"),
    ("types", "SimpleNamespace"),
    ("uuid", "UUID"),
    *((module, name) for module in ("builtins", "__builtin__") for name in _BUILTINS),
}
"""Names of the standard library that plain data is pickled with; read past like the rest."""
_HARMLESS_MODULES = {"datetime", "enum", "typing", "pathlib", "pathlib._local"}
_LIBRARY = sys.stdlib_module_names | {"__builtin__", "commands", "copy_reg", "exceptions", "nt"}
_RUNS_CODE = {"cloudpickle", "dill", "ipykernel", "IPython", "joblib", "pip", "setuptools"}
"""Packages outside the standard library whose names in a pickle mean stored code."""
_CALLED_TO_REBUILD = {
    "numpy": {"_reconstruct", "scalar", "dtype", "ndarray", "_frombuffer"},
    "torch": {"Size", "device", "Generator", "Tensor", "_get_layout", "Parameter"},
}
"""What a pickle of plain numbers calls in these packages; any other call is refused."""


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor lies in the archive."""

    dtype: str
    """torch's name, such as 'float32'."""
    key: str
    """The member `data/{key}` of the archive."""
    n_stored: int
    """Numbers in that member."""
    offset: int
    """The first number."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class _Storage:
    dtype: str
    key: str
    n_stored: int


class InertDict(dict[Any, Any]):
    """An OrderedDict without attributes: what a pickle sets on it is dropped."""

    def __setstate__(self, state: object) -> None:
        """Drop `state`."""


class _InertType(type):
    """Stand-ins swallow being called, unless their name may only be named."""

    refusal: str

    def __call__(cls, *arguments: object, **options: object) -> Any:  # noqa: ARG002
        if cls.refusal:
            raise CheckpointError(cls.refusal)
        return object.__new__(cls)


class _Inert(metaclass=_InertType):
    """In the place of a class or function that was named; every pickle operation is a no-op."""

    refusal = ""

    def __new__(cls, *arguments: object, **options: object) -> "_Inert":  # noqa: ARG004
        return object.__new__(cls)

    def __setstate__(self, state: object) -> None: ...

    def __setitem__(self, key: object, value: object) -> None: ...

    def append(self, value: object) -> None: ...

    def extend(self, values: object) -> None: ...

    def add(self, value: object) -> None: ...


class _Rebuild:
    """Answers `torch._utils._rebuild_tensor_v2` and its kin with a `StoredTensor`."""

    __slots__ = ("with_dtype",)

    def __init__(self, *, with_dtype: bool) -> None:
        self.with_dtype = with_dtype

    def __call__(
        self, storage: object, offset: object, shape: object, strides: object, *rest: object
    ) -> StoredTensor:
        dtype = getattr(rest[2], "dtype_name", None) if self.with_dtype else None
        if not isinstance(storage, _Storage) or (self.with_dtype and dtype is None):
            raise pickle.UnpicklingError("a tensor without a storage")
        numbers = [offset, *_integers(shape), *_integers(strides)]
        if any(type(number) is not int or number < 0 for number in numbers):
            raise pickle.UnpicklingError("a tensor whose layout is not made of integers")
        return StoredTensor(
            dtype or storage.dtype,
            storage.key,
            storage.n_stored,
            int(str(offset)),
            _integers(shape),
            _integers(strides),
        )


class _FirstArgument:
    """Answers `torch._utils._rebuild_parameter`: a parameter is its tensor."""

    __slots__ = ()

    def __call__(self, data: object, *rest: object) -> object:  # noqa: ARG002
        return data


class InertUnpickler(pickle.Unpickler):
    """Reads a pickle into dicts, lists, numbers, text, `StoredTensor`s and stand-ins."""

    def __init__(self, data: io.BytesIO, where: str) -> None:
        super().__init__(data)
        self.where = where

    def find_class(self, module: str, name: str) -> Any:
        """What stands for `module.name`; never the thing itself."""
        if (module, name) == ("collections", "OrderedDict"):
            return InertDict
        if module == "torch._utils" and name in {"_rebuild_tensor_v2", "_rebuild_tensor_v3"}:
            return _Rebuild(with_dtype=name.endswith("v3"))
        if module == "torch._utils" and name.startswith("_rebuild_parameter"):
            return _FirstArgument()
        attributes: dict[str, Any] = {"refusal": self._refusal(module, name)}
        if module in {"torch", "torch.storage"} and name in STORAGE_DTYPES:
            attributes["storage_dtype"] = STORAGE_DTYPES[name]
        if module == "torch" and name in STORAGE_DTYPES.values():
            attributes["dtype_name"] = name
        return _InertType(f"{module}.{name}", (_Inert,), attributes)

    def persistent_load(self, pid: Any) -> _Storage:
        """A storage: the archive holds its numbers, the pickle only where they are."""
        kind, storage_type, key, _, n_stored = pid
        dtype = getattr(storage_type, "storage_dtype", None)
        if kind != "storage" or dtype is None or type(key) is not str or type(n_stored) is not int:
            raise pickle.UnpicklingError(f"a persistent id of an unknown kind, {pid!r}")
        return _Storage(dtype, key, n_stored)

    def _refusal(self, module: str, name: str) -> str:
        """Why `module.name` must not be called; raises where naming it is enough."""
        message = (
            f"{self.where}: this pickle would run code when opened: it names {module}.{name}. "
            "Refused; nothing was executed. Do not open it with other software."
        )
        root = module.partition(".")[0]
        harmless = (module, name) in _HARMLESS or (
            module in _HARMLESS_MODULES and "." not in name and name[:1].isupper()
        )
        harmless |= module == "datetime"
        if (root in _LIBRARY and not harmless) or root in _RUNS_CODE:
            raise CheckpointError(message)
        if root in _CALLED_TO_REBUILD:
            rebuilt = name in _CALLED_TO_REBUILD[root] or (
                module == "torch._utils" and name.startswith("_rebuild_")
            )
            return "" if rebuilt or name in STORAGE_DTYPES else message
        return ""


def unpickle(data: io.BytesIO, where: str) -> Any:
    """The first object of the pickle in `data`, read without executing anything.

    Raises
    ------
    CheckpointError
        Where it names or calls what could do harm, or is not a whole pickle.
    """
    try:
        return InertUnpickler(data, where).load()
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
            f"{where}: its pickle is truncated or not made of tensors ({error})."
        ) from None


def _integers(values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple):
        raise pickle.UnpicklingError("a tensor whose shape is not a tuple")
    return values
