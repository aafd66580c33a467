"""Devices on which networks run: their names, their memory and their failures."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from galsearch.core.errors import ConfigError, DeviceFailedError, NoGpuError
from galsearch.encoders.inference.precision import Precision

_FAILURES = r"CUDA (driver )?error|CUBLAS_STATUS|CUDNN_STATUS"
"""Regular expression of messages of PyTorch about a failure of a GPU."""


def choose_device(name: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `cuda:N` stands for on this machine.

    Parameters
    ----------
    name
        `auto` is the first GPU where PyTorch sees one, else the CPU.

    Raises
    ------
    ConfigError
        Where the name is another one.
    NoGpuError
        Where a GPU is named that PyTorch does not see; the message says why.

    Examples
    --------
    >>> choose_device("cpu")
    device(type='cpu')
    """
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise ConfigError(f"device = {name!r}; expected auto, cpu, cuda or cuda:N.")
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if torch.version.cuda is None:
        raise NoGpuError(
            f"device = {name!r}, and this PyTorch ({torch.__version__}) was built without CUDA."
        )
    n_present = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not n_present:
        raise NoGpuError(
            f"device = {name!r}, and PyTorch {torch.__version__}, built for CUDA "
            f"{torch.version.cuda}, sees no GPU."
        )
    number = int(name.partition(":")[2] or 0)
    if number >= n_present:
        raise NoGpuError(f"device = {name!r}, and PyTorch sees {n_present} GPU(s), from cuda:0.")
    return torch.device("cuda", number)


def default_precision(device: torch.device) -> Precision:
    """The precision that is used on a device where none is named: bf16 on a GPU, else fp32."""
    return "bf16" if device.type == "cuda" else "fp32"


def device_name(device: torch.device) -> str:
    """Name of a device in the record of embeddings: `cpu`, or `cuda` and the model of the GPU."""
    if device.type != "cuda":
        return device.type
    return f"cuda ({torch.cuda.get_device_name(device)})"


def free_bytes(device: torch.device) -> int | None:
    """Free memory of a GPU in bytes, with what PyTorch holds unused; None for a CPU."""
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(free + unused)


@contextmanager
def device_failures(device: torch.device) -> Iterator[None]:
    """A context manager in which a failure of a GPU becomes an error of galsearch.

    After a failure, such as a lost device or an illegal address, CUDA refuses all further work of
    the process.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        if device.type == "cpu" or not re.search(_FAILURES, reason):
            raise
        raise DeviceFailedError(f"the device {device} failed: {reason}.") from error
