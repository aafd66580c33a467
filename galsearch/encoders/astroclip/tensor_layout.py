"""Replacements of the functions with which a pickle makes tensors: they return its layout.

A tensor in a pickle is a call of one of these functions with a reference to its values, which are
outside the pickle.
"""

import pickle
from typing import Any

from galsearch.encoders.astroclip.inert_objects import Storage, StoredTensor

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
_MAX_DIMENSIONS = 64
"""Largest number of dimensions of a tensor in torch."""


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


def _rebuild_subclass(function: object, kind: object, arguments: object, *rest: object) -> object:  # noqa: ARG001
    """Replacement of `torch._tensor._rebuild_from_type_v2` that returns the plain tensor."""
    if function is not _rebuild_tensor or not isinstance(arguments, tuple):
        raise pickle.UnpicklingError("a subclass of a tensor that is not made from a tensor")
    return _rebuild_tensor(*arguments)


REPLACEMENTS: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _rebuild_parameter,
    ("torch._tensor", "_rebuild_from_type_v2"): _rebuild_subclass,
}
"""Replacements by module and name of the function of torch."""


def _naturals(values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple) or len(values) > _MAX_DIMENSIONS:
        raise pickle.UnpicklingError("a tensor whose layout is not a short list of numbers")
    if any(type(n) is not int or not 0 <= n < 1 << 63 for n in values):
        raise pickle.UnpicklingError("a tensor whose layout does not consist of natural numbers")
    return values
