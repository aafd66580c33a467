"""A second device that is not there: tensors on it are in main memory, but mixing devices fails.

Tensors that are moved to `cuda`, and all that is computed from them, are marked. An operation on a
marked and an unmarked tensor fails as on a machine with a GPU, where the values can be used as on
any other: tests run whole training steps on it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_leaves

SECOND = torch.device("cuda", 0)
_COPIES = {torch.ops.aten.copy_.default}
_INDEXING = {
    torch.ops.aten.index.Tensor,
    torch.ops.aten.index_put_.default,
    torch.ops.aten.index_put.default,
    torch.ops.aten._index_put_impl_.default,
}


class _Marks:
    """The storages on the second device. They are kept alive, so that none is mistaken later."""

    def __init__(self) -> None:
        self._storages: dict[int, Any] = {}

    def add(self, tensor: Tensor) -> Tensor:
        if tensor.untyped_storage().data_ptr():
            self._storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    def __contains__(self, tensor: Tensor) -> bool:
        return tensor.untyped_storage().data_ptr() in self._storages


class _Operations(TorchDispatchMode):
    """Refuses operations on tensors of two devices, and marks the results of the others."""

    def __init__(self, marks: _Marks) -> None:
        super().__init__()
        self._marks = marks
        self.in_backward = False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor) and t.numel()]
        marked = [tensor in self._marks for tensor in tensors]
        if any(marked) and func not in _COPIES:
            # Numbers of a CPU mix with any device, and so do its indices.
            refused = tensors[:1] if func in _INDEXING else tensors
            if any(t.dim() and t not in self._marks for t in refused):
                raise RuntimeError(
                    "Expected all tensors to be on the same device, but found at least two "
                    f"devices, cuda:0 and cpu! ({func})"
                )
        found = func(*args, **(kwargs or {}))
        # Autograd makes zeros on the device of a gradient, without naming a tensor on it.
        if self.in_backward or (any(marked) and func not in _COPIES):
            for tensor in tree_leaves(found):
                if isinstance(tensor, Tensor):
                    self._marks.add(tensor)
        return found


class _Functions(TorchFunctionMode):
    """Moves tensors to the second device and back, and names the device of a tensor."""

    def __init__(self, marks: _Marks, operations: _Operations) -> None:
        super().__init__()
        self._marks, self._operations = marks, operations

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        own = args[0] if args and isinstance(args[0], Tensor) else None
        if func == Tensor.device.__get__ and own is not None:  # type: ignore[attr-defined]
            return SECOND if own in self._marks else func(*args, **kwargs)
        if func is Tensor.backward and own in self._marks:
            self._operations.in_backward = True
            try:
                return func(*args, **kwargs)
            finally:
                self._operations.in_backward = False
        if func is Tensor.numpy and own is not None and own in self._marks and own.numel():
            raise TypeError("can't convert cuda:0 device type tensor to numpy.")
        if func is Tensor.pin_memory:
            return own
        if func in (Tensor.to, Tensor.cpu, Tensor.cuda) and own is not None:
            return self._moved(func, own, args[1:], kwargs)
        if _is_second(kwargs.get("device")):
            return self._marks.add(func(*args, **{**kwargs, "device": "cpu"}))
        return func(*args, **kwargs)

    def _moved(
        self, func: Any, own: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Tensor:
        named = [kwargs.pop("device", None), *args]
        target = next((SECOND for value in named if _is_second(value)), None)
        if func is Tensor.cuda:
            target = SECOND
        is_home = func is Tensor.cpu or any(str(value).startswith("cpu") for value in named)
        rest = [v for v in args if not isinstance(v, (str, torch.device, type(None)))]
        if target is None and not is_home:
            return own.to(*rest, **kwargs) if own.dtype not in rest else own
        with _disable_current_modes():
            moved = own.clone()
            for dtype in [v for v in (*rest, kwargs.get("dtype")) if isinstance(v, torch.dtype)]:
                moved = moved.to(dtype)
        return self._marks.add(moved) if target is not None else moved


def _is_second(value: object) -> bool:
    return isinstance(value, (str, torch.device)) and str(value).startswith("cuda")


class _Event:
    """A CUDA event: all work of the second device is complete when a call returns."""

    def record(self, stream: object = None) -> None:
        """Do nothing."""

    def synchronize(self) -> None:
        """Do nothing."""


class _Stream:
    """A CUDA stream."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def wait_event(self, event: _Event) -> None:
        """Do nothing."""


@contextmanager
def second_device() -> Iterator[Callable[[Tensor], bool]]:
    """A context in which `cuda` is a device; gives a function that tells what lies on it.

    PyTorch's functions that ask for a GPU and its memory answer as with one GPU of 80 GB.
    """
    marks = _Marks()
    operations = _Operations(marks)
    answers: dict[str, Any] = {
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "get_device_name": lambda _: "a second device",
        "mem_get_info": lambda _: (80 << 30, 80 << 30),
        "memory_reserved": lambda _: 0,
        "memory_allocated": lambda _: 0,
        "empty_cache": lambda: None,
        "Stream": _Stream,
        "Event": _Event,
        "current_stream": _Stream,
        "stream": lambda _: nullcontext(),
    }
    with (
        mock.patch.multiple(torch.cuda, **answers),
        mock.patch.object(torch.version, "cuda", "12.8"),
        mock.patch.object(Tensor, "record_stream", return_value=None),
        operations,
        _Functions(marks, operations),
    ):
        yield marks.__contains__
