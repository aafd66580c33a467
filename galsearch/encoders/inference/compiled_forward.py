"""Forward passes compiled by PyTorch, which pay in long runs on GPUs."""

import warnings
from typing import Any

import torch
from torch import Tensor

from galsearch.encoders.inference.precision import Forward

_FEWEST_COMPILED = 32
"""Batches of fewer galaxies than this are computed without compilation."""


class CompiledForward:
    """A forward pass that is compiled at its first large batch, for batches of any size.

    Where the compilation fails, as without a C compiler or without Triton, a warning says so and
    the forward pass runs as it is.

    Parameters
    ----------
    forward
        Function that computes embeddings (B, d) of inputs (B, ...).
    compiler
        Returns a compiled version of a function; `torch.compile` by default.
    """

    def __init__(self, forward: Forward, compiler: Any = torch.compile) -> None:
        self._eager = forward
        self._compiled: Forward | None = compiler(forward)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Embeddings (B, d) of inputs (B, ...)."""
        if self._compiled is None or len(inputs) < _FEWEST_COMPILED:
            return self._eager(inputs)
        # Otherwise every number of galaxies would be compiled anew.
        torch._dynamo.maybe_mark_dynamic(inputs, 0)  # type: ignore[no-untyped-call]
        try:
            return self._compiled(inputs)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ImportError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        self._compiled = None
        warnings.warn(
            f"PyTorch cannot compile the network ({reason}); it runs without compilation.",
            RuntimeWarning,
            stacklevel=2,
        )
        return self._eager(inputs)
