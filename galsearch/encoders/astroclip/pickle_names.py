"""Rules for the names in a pickle: which are refused, and which may be called.

A pickle of tensors names few things outside its own package, and its hyper-parameters name classes
of plain data, such as paths, dates and numbers. A name of the standard library that plain data
does not need, or a call of something that does not construct data, means that the pickle would run
code.
"""

import sys

_DATA_MODULES = {
    *("_collections", "_collections_abc", "collections", "collections.abc", "abc", "array"),
    *("_datetime", "_pydatetime", "datetime", "calendar", "zoneinfo", "_zoneinfo"),
    *("_decimal", "_pydecimal", "decimal", "fractions", "numbers", "statistics", "random"),
    *("dataclasses", "enum", "ipaddress", "re", "string", "typing", "uuid", "itertools"),
    *("pathlib", "pathlib._abc", "pathlib._local", "pathlib.types"),
    *("configparser", "builtins", "__builtin__", "exceptions"),
}
"""Modules whose classes hold data: making an instance does nothing else.

The names of classes begin with a capital letter; `_LOWERCASE_CLASSES` holds the others.
"""
_LOWERCASE_CLASSES = {
    *("object", "set", "frozenset", "list", "dict", "tuple", "slice", "range", "xrange"),
    *("int", "long", "float", "complex", "bool", "str", "unicode", "bytes", "bytearray"),
    *("defaultdict", "deque", "mappingproxy", "array", "_array_reconstructor"),
    *("date", "datetime", "time", "timedelta", "timezone", "ZoneInfo._unpickle"),
    *("chain", "count", "cycle", "product", "repeat"),
    "_compile",  # re._compile restores the regular expression `re.Pattern`
}
_FUNCTIONS = {
    *("abs", "all", "any", "callable", "chr", "divmod", "enumerate", "filter", "format", "hash"),
    *("hex", "id", "isinstance", "issubclass", "iter", "len", "map", "max", "min", "next", "oct"),
    *("ord", "pow", "print", "repr", "reversed", "round", "sorted", "sum", "type", "zip", "bin"),
    *("classmethod", "memoryview", "property", "staticmethod", "super"),
}
"""Built-in functions that a configuration may name as a value; a pickle may not call them."""
_FUNCTION_MODULES = {"_functools", "_operator", "cmath", "functools", "math", "operator"}
"""Modules whose functions a configuration may name as values; a pickle may not call them."""
_DATA_NAMES = {
    *((module, name) for module in ("copyreg", "copy_reg") for name in ("_reconstructor",)),
    *((module, name) for module in ("_io", "io") for name in ("BytesIO", "StringIO")),
    *((module, name) for module in ("_struct", "struct") for name in ("Struct",)),
    *((module, "stat_result") for module in ("nt", "os", "posix")),
    *(("functools", name) for name in ("partial", "partialmethod")),
    *(("_functools", name) for name in ("partial",)),
    *(("inspect", name) for name in ("Parameter", "Signature", "_ParameterKind", "_empty")),
    *(("logging", name) for name in ("Formatter", "LogRecord", "Logger", "RootLogger")),
    *(("operator", name) for name in ("attrgetter", "itemgetter", "methodcaller")),
    *(("types", name) for name in ("EllipsisType", "GenericAlias", "NoneType", "SimpleNamespace")),
    *(("types", name) for name in ("MappingProxyType", "NotImplementedType", "UnionType")),
    ("_codecs", "encode"),
    ("argparse", "Namespace"),
    ("contextlib", "nullcontext"),
    ("copyreg", "__newobj__"),
    ("copyreg", "__newobj_ex__"),
    ("http", "HTTPStatus"),
    ("logging", "getLogger"),
    ("os", "PathLike"),
    ("platform", "uname_result"),
    ("signal", "Signals"),
    ("time", "struct_time"),
}
"""Other names of the standard library that plain data needs, as (module, name)."""
_STANDARD_LIBRARY = sys.stdlib_module_names | {
    # Modules of Python 2, and those that Python removed since 3.10.
    *("__builtin__", "commands", "copy_reg", "exceptions", "nt", "popen2", "posix"),
    *("asynchat", "asyncore", "cgi", "distutils", "imp", "pipes", "smtpd", "telnetlib"),
}
_RUNS_CODE = {"IPython", "cloudpickle", "dill", "ipykernel", "joblib", "pip", "setuptools"}
"""Packages outside the standard library whose names in a pickle indicate stored code."""
_CONSTRUCTORS = {
    "numpy": {"_frombuffer", "_mareconstruct", "dtype", "ndarray", "scalar"},
    "pyarrow": {"_restore_array", "py_buffer", "type_for_alias"},
    "torch": {"_get_layout", "device"},
}
"""Functions and lower-case classes of array libraries that a pickle of arrays calls."""
_RESTORING_FUNCTIONS = (
    *("__pyx_unpickle_", "_new_", "_rebuild", "_recreate", "_reconstruct", "_unpickle"),
)
"""Beginnings of the names of functions with which packages restore their own pickled objects."""
_COMPILERS = {
    *("numpy.distutils", "numpy.f2py", "numpy.testing"),
    *("torch._dynamo", "torch._inductor", "torch.export", "torch.fx", "torch.hub", "torch.jit"),
    *("torch.distributed.rpc", "torch.multiprocessing", "torch.package"),
    "torch.utils.cpp_extension",
}
"""Packages of numpy and torch whose classes compile code, load it or start processes."""


def is_dangerous(module: str, name: str) -> bool:
    """True where the name `module.name` in a pickle of tensors indicates code that could do harm.

    Examples
    --------
    >>> is_dangerous("os", "system"), is_dangerous("collections", "OrderedDict")
    (True, False)
    """
    root = module.partition(".")[0]
    if root not in _STANDARD_LIBRARY:
        return root in _RUNS_CODE
    is_function = module in _FUNCTION_MODULES or (
        module in {"builtins", "__builtin__"} and name in _FUNCTIONS
    )
    return not (is_function or _is_data(module, name))


def may_be_called(module: str, name: str) -> bool:
    """True where a pickle of tensors may call `module.name`.

    A function that is named but not called, such as an activation function, is harmless.

    Examples
    --------
    >>> may_be_called("torch", "Size"), may_be_called("torch", "load")
    (True, False)
    """
    root = module.partition(".")[0]
    if root in _STANDARD_LIBRARY:
        return _is_data(module, name)
    if root in _RUNS_CODE or _is_part_of(module, _COMPILERS):
        return False
    is_constructor = name in _CONSTRUCTORS.get(root, set()) or name.endswith("_ctor")
    return is_constructor or name.startswith(_RESTORING_FUNCTIONS) or _is_class(name)


def _is_data(module: str, name: str) -> bool:
    """True where a name of the standard library is a class of plain data."""
    if (module, name) in _DATA_NAMES:
        return True
    return module in _DATA_MODULES and (name in _LOWERCASE_CLASSES or _is_class(name))


def _is_class(name: str) -> bool:
    """True where a name is written as those of classes, and of classes in classes, are.

    Every part begins with a capital letter. `Counter.__init__.__globals__` is no class.
    """
    return all(part.lstrip("_")[:1].isupper() for part in name.split("."))


def _is_part_of(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
