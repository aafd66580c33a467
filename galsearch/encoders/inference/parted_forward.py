"""Forward passes in parts that fit the memory of a GPU, and the size of these parts."""

import torch
from torch import Tensor

from galsearch.core.errors import DeviceFailedError
from galsearch.encoders.inference.precision import Forward

_TOKEN_VALUES_AT_ONCE = 38_000_000
"""Target size of the token matrix (galaxies x tokens x width) in one forward pass on a GPU: 256
images of the published model, from which on a larger batch is no faster on an H100."""
_LARGEST_BATCH = 512
"""Largest number of galaxies in one forward pass on a GPU."""
_COPIES_OF_TOKENS = 24
"""Estimated memory of a forward pass, in copies of its token matrix in fp32: attention and the
feed-forward layer of one block, the inputs and the stem."""
_SHARE_OF_MEMORY = 0.25
"""Fraction of a GPU's free memory that one forward pass may take by this estimate."""


def device_batch_size(n_tokens: int, width: int, n_free_bytes: int) -> int:
    """Number of galaxies that go through a network together on a GPU.

    Parameters
    ----------
    n_tokens, width
        Tokens of a galaxy, and values of a token.
    n_free_bytes
        Free memory of the GPU.

    Examples
    --------
    >>> device_batch_size(145, 1024, 78 << 30), device_batch_size(145, 1024, 8 << 30)
    (255, 150)
    >>> device_batch_size(65, 160, 78 << 30)
    512
    """
    n_values = n_tokens * width
    n_fitting = int(_SHARE_OF_MEMORY * n_free_bytes) // (4 * _COPIES_OF_TOKENS * n_values)
    return max(1, min(_LARGEST_BATCH, _TOKEN_VALUES_AT_ONCE // n_values, n_fitting))


class PartedForward:
    """A forward pass that is repeated in smaller parts where the memory of the device runs out.

    Parameters
    ----------
    forward
        Function that computes embeddings (B, d) of inputs (B, ...).
    """

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self.largest_part: int | None = None
        """Largest number of galaxies that fit, once memory has run out; None before."""

    def __call__(self, inputs: Tensor) -> Tensor:
        """Embeddings (B, d) of inputs (B, ...).

        Raises
        ------
        DeviceFailedError
            Where the memory of the device does not suffice for one galaxy.
        """
        parts: list[Tensor] = []
        n_done = 0
        while n_done < len(inputs):
            part = inputs[n_done : n_done + (self.largest_part or len(inputs))]
            found = self._try(part)
            if found is None:
                self._shrink(len(part), inputs.device)
                continue
            parts.append(found)
            n_done += len(part)
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _try(self, part: Tensor) -> Tensor | None:
        """Embeddings of a part; None where the memory does not suffice."""
        try:
            return self._forward(part)
        except torch.OutOfMemoryError:
            # The error refers to all tensors of the forward pass, so it must be gone before the
            # next attempt.
            return None

    def _shrink(self, n: int, device: torch.device) -> None:
        if n == 1:
            raise DeviceFailedError(
                f"the device {device} has too little free memory for the forward pass of one "
                "galaxy."
            )
        self.largest_part = n // 2
        if device.type == "cuda":
            torch.cuda.empty_cache()
