"""Rules for the names in a pickle: which are dangerous, and which may be called.

A pickle of tensors names few things outside its own package. A name of the standard library that
plain data does not need, or a call of something that is not a class, means that the pickle would
run code.
"""

import sys

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
"""Names of the standard library that occur in pickles of plain data, as (module, name).

A name in this set is replaced by a placeholder; other names of the standard library are refused.
"""
_STANDARD_LIBRARY = sys.stdlib_module_names | {"__builtin__", "commands", "copy_reg"}
_STANDARD_LIBRARY |= {"exceptions", "nt"}
_RUNS_CODE = {"IPython", "cloudpickle", "dill", "ipykernel", "joblib", "pip", "setuptools"}
"""Packages outside the standard library whose names in a pickle indicate stored code."""
_CALLABLE = {
    "numpy": {"_frombuffer", "_reconstruct", "dtype", "ndarray", "scalar"},
    "torch": {"Generator", "Parameter", "Size", "Tensor", "_get_layout", "device"},
}
"""Functions and classes of numpy and torch that a pickle of arrays may call.

From other packages a pickle may call names that look like classes. A function that is named but not
called, such as an activation function, is harmless.
"""


def is_dangerous(module: str, name: str) -> bool:
    """True where the name `module.name` in a pickle of tensors indicates code that could do harm.

    Examples
    --------
    >>> is_dangerous("os", "system"), is_dangerous("collections", "OrderedDict")
    (True, False)
    """
    root = module.partition(".")[0]
    in_library = root in _STANDARD_LIBRARY and (module, name) not in _HARMLESS
    return in_library or root in _RUNS_CODE


def may_be_called(module: str, name: str) -> bool:
    """True where a pickle of tensors may call `module.name`.

    Examples
    --------
    >>> may_be_called("torch", "Size"), may_be_called("torch", "load")
    (True, False)
    """
    if (module, name) in _HARMLESS:
        return True
    if module == "torch._utils" and name.startswith("_rebuild_"):
        return True
    root = module.partition(".")[0]
    last = name.rpartition(".")[2].lstrip("_")
    return name in _CALLABLE[root] if root in _CALLABLE else last[:1].isupper()
