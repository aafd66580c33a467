"""Transfer of prepared inputs to a device, and of embeddings back, while the device computes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from galsearch.core.arrays import Float32Array
from galsearch.encoders.inference.compute_device import device_failures


@dataclass(frozen=True, eq=False)
class StagedInputs:
    """Prepared inputs on the device of a network, or on their way to it."""

    inputs: Tensor
    """(B, ...) inputs of the network."""
    arrived: torch.cuda.Event | None = None
    """Event after which the copy to a GPU is complete; None on a CPU."""

    def __len__(self) -> int:
        return len(self.inputs)

    def wait(self) -> Tensor:
        """The inputs; a GPU waits for the copy to be complete, the calling thread does not."""
        if self.arrived is not None:
            stream = torch.cuda.current_stream(self.inputs.device)
            stream.wait_event(self.arrived)
            self.inputs.record_stream(stream)
        return self.inputs


def stage(inputs: Tensor, device: torch.device) -> StagedInputs:
    """Inputs whose copy to a device has begun; several threads may call this at once.

    The copy to a GPU starts from page-locked memory, in a CUDA stream of its own, so that the GPU
    goes on computing.
    """
    if device.type != "cuda":
        return StagedInputs(inputs.to(device))
    with device_failures(device):
        pinned = inputs.pin_memory()
        stream = _copy_stream(device)
        with torch.cuda.stream(stream):
            copied = pinned.to(device, non_blocking=True)
            arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
            arrived.record(stream)
    return StagedInputs(copied, arrived)


def fetch(vectors: Tensor) -> Callable[[], Float32Array]:
    """A function that waits for vectors on a device and returns them as a float32 array.

    Their copy to the memory of the host begins at once.
    """
    if vectors.device.type != "cuda":
        found = np.asarray(vectors.to("cpu", torch.float32).numpy())
        return lambda: found
    device = vectors.device
    with device_failures(device):
        copied = vectors.float().to("cpu", non_blocking=True)
        there = torch.cuda.Event()  # type: ignore[no-untyped-call]
        there.record()

    def wait() -> Float32Array:
        with device_failures(device):
            there.synchronize()
        return np.asarray(copied.numpy())

    return wait


_streams: dict[torch.device, torch.cuda.Stream] = {}


def _copy_stream(device: torch.device) -> torch.cuda.Stream:
    """The CUDA stream of a device in which inputs are copied to it."""
    if device not in _streams:
        _streams[device] = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    return _streams[device]
