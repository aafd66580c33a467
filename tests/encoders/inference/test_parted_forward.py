"""A forward pass is repeated in smaller parts where the memory of the device runs out."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from galsearch.core.errors import DeviceFailedError
from galsearch.encoders.inference.parted_forward import PartedForward, device_batch_size


class SmallDevice:
    """A forward pass for which `room` galaxies at most have memory."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.sizes: list[int] = []

    def __call__(self, inputs: Tensor) -> Tensor:
        self.sizes.append(len(inputs))
        if len(inputs) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return inputs * 2


@given(n=st.integers(1, 40), room=st.integers(1, 40))
def test_every_galaxy_is_computed_once_in_parts_that_fit(n: int, room: int) -> None:
    device, inputs = SmallDevice(room), torch.arange(3.0 * n).view(n, 3)
    forward = PartedForward(device)
    assert torch.equal(forward(inputs), inputs * 2)
    device.sizes.clear()
    forward(inputs)
    assert max(device.sizes) <= room, "the size that fits is remembered"


def test_no_memory_for_a_single_galaxy_is_an_error() -> None:
    with pytest.raises(DeviceFailedError) as caught:
        PartedForward(SmallDevice(0))(torch.zeros(5, 2))
    assert str(caught.value) == (
        "the device cpu has too little free memory for the forward pass of one galaxy."
    )


@given(st.integers(1, 4000), st.integers(1, 4096), st.integers(0, 1 << 40))
def test_a_batch_grows_with_free_memory_and_is_never_empty(n: int, width: int, free: int) -> None:
    size = device_batch_size(n, width, free)
    assert 1 <= size <= device_batch_size(n, width, 2 * free) <= 512
