"""A compiled forward pass gives the same embeddings, and one that cannot be compiled still runs."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from galsearch.encoders.inference.compiled_forward import CompiledForward


def double(inputs: Tensor) -> Tensor:
    return inputs * 2


def failing(_: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def compiled(inputs: Tensor) -> Tensor:
        raise RuntimeError("Cannot find a working triton installation.\nmore")

    return compiled


def test_large_batches_are_compiled_and_small_ones_are_not() -> None:
    sizes = []

    def compiler(forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def compiled(inputs: Tensor) -> Tensor:
            sizes.append(len(inputs))
            return forward(inputs)

        return compiled

    forward = CompiledForward(double, compiler)
    for n in (31, 32, 100):
        assert torch.equal(forward(torch.ones(n, 2)), torch.full((n, 2), 2.0))
    assert sizes == [32, 100]


def test_a_network_that_cannot_be_compiled_runs_without_compilation() -> None:
    forward = CompiledForward(double, failing)
    with pytest.warns(RuntimeWarning) as caught:
        found = forward(torch.ones(40, 2))
    assert str(caught[0].message) == (
        "PyTorch cannot compile the network (Cannot find a working triton installation.); it runs "
        "without compilation."
    )
    assert torch.equal(found, torch.full((40, 2), 2.0))
    assert torch.equal(forward(torch.ones(40, 2)), found), "without a second warning"


def test_want_of_memory_is_not_taken_for_a_failed_compilation() -> None:
    def compiler(_: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def compiled(inputs: Tensor) -> Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory.")

        return compiled

    with pytest.raises(torch.OutOfMemoryError):
        CompiledForward(double, compiler)(torch.ones(40, 2))
