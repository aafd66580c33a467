"""The device that proposes candidates for queries without a filter."""

from typing import Literal, TypeAlias, get_args

from galsearch.core.errors import ConfigError, NoGpuError
from galsearch.index.ivf.faiss_api import n_gpus

Device: TypeAlias = Literal["cpu", "gpu", "auto"]
"""`gpu` means every GPU that FAISS sees; `auto` means GPUs where there are some that can hold the
inverted lists, else the CPU."""


def check_device(device: str) -> None:
    """Check that candidates can be searched on a device.

    Raises
    ------
    ConfigError
        Where `device` is not one of `Device`.
    NoGpuError
        Where a GPU is required and FAISS sees none.

    Examples
    --------
    >>> check_device("cpu")
    """
    if device not in get_args(Device):
        raise ConfigError(f"device = {device!r} is none of auto, cpu, gpu.")
    if device == "gpu" and not n_gpus():
        raise NoGpuError("device = 'gpu', and FAISS sees no GPU.")
