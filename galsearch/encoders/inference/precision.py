"""Numerical precision of inference, and its check against fp32 on the first batch.

`linear_kernels` implements the matrix products of each precision; `fused_blocks` uses them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from galsearch.core.errors import ConfigError
from galsearch.core.modality import Modality

Precision = Literal["fp32", "int8", "bf16"]
Forward = Callable[[Tensor], Tensor]
"""Type of a function that computes embeddings (B, d) of prepared inputs (B, ...)."""

MIN_COSINE = 0.95
"""Smallest accepted cosine between embeddings of one galaxy in a lower precision and in fp32."""
MIN_MEDIAN_COSINE = 0.99
"""Smallest accepted median cosine between embeddings in a lower precision and in fp32."""
MAX_COMPARED = 32
"""Largest number of galaxies of the first batch that are compared with fp32."""
_BF16_FLAGS = ("avx512_bf16", "amx_bf16")


@dataclass(frozen=True)
class Agreement:
    """Summary of the cosines between embeddings in a lower precision and the same ones in fp32."""

    precision: str
    modality: Modality
    n_compared: int
    least_cosine: float
    median_cosine: float

    def __str__(self) -> str:
        return (
            f"{self.precision} compared with fp32 on {self.n_compared} {self.modality} embeddings: "
            f"smallest cosine {self.least_cosine:.5f}, median {self.median_cosine:.5f}"
        )


class PrecisionCheck:
    """Comparison of the first batch of embeddings in a lower precision with fp32, made once.

    Parameters
    ----------
    precision
        The lower precision, such as `int8`.
    modality
        Modality of the encoder.
    exact
        The network in fp32; it is released after the comparison.
    report
        Function that is called with the resulting `Agreement`, or None.
    """

    def __init__(
        self,
        precision: str,
        modality: Modality,
        exact: Forward,
        report: Callable[[Agreement], None] | None,
    ) -> None:
        self.precision, self.modality = precision, modality
        self._exact: Forward | None = exact
        self._report = report
        self.agreement: Agreement | None = None

    def compare(self, inputs: Tensor, vectors: Tensor) -> None:
        """Compare the first batch of embeddings with fp32; calls after that do nothing.

        Parameters
        ----------
        inputs : (B, ...)
            Prepared inputs.
        vectors : (B, d)
            Embeddings of these inputs in the lower precision.

        Raises
        ------
        ConfigError
            Where a cosine is under `MIN_COSINE` or not a number, or the median is under
            `MIN_MEDIAN_COSINE`.
        """
        if self._exact is None or not len(inputs):
            return
        rows = slice(0, MAX_COMPARED)
        exact = torch.cat([self._exact(part) for part in torch.split(inputs[rows], 1)])
        cosines = functional.cosine_similarity(exact, vectors[rows], dim=-1)
        least, median = float(cosines.min()), float(cosines.median())
        agreement = Agreement(self.precision, self.modality, len(cosines), least, median)
        if not (least >= MIN_COSINE and median >= MIN_MEDIAN_COSINE):
            raise ConfigError(
                f"{agreement}; expected at least {MIN_COSINE} and {MIN_MEDIAN_COSINE}. These "
                f"weights are not accurate enough in {self.precision}: use fp32."
            )
        self.agreement, self._exact = agreement, None
        if self._report:
            self._report(agreement)


def has_onednn() -> bool:
    """True where this PyTorch was built with oneDNN."""
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def _has_bf16_arithmetic() -> bool:
    """True where PyTorch knows that this processor has bfloat16 arithmetic."""
    if not hasattr(torch.cpu, "get_capabilities"):
        return False  # PyTorch 2.6 does not tell
    flags = torch.cpu.get_capabilities()
    return any(flags.get(name) for name in _BF16_FLAGS)


def check_precision(precision: str, device: str) -> None:
    """Check that a precision is known and makes sense on a device.

    Parameters
    ----------
    precision
        Numerical precision: `fp32`, `bf16` or `int8`.
    device
        Device on which the network runs: `cpu` or `cuda`.

    Raises
    ------
    ConfigError
        Where the precision is unknown, or this processor or build of PyTorch gains nothing by it.
    """
    if precision not in get_args(Precision):
        raise ConfigError(
            f"precision is {precision!r}; expected one of {', '.join(get_args(Precision))}."
        )
    if precision == "int8" and device != "cpu":
        raise ConfigError(f"precision int8 runs on a CPU only; the device is {device}: use bf16.")
    if precision == "int8" and not has_onednn():
        raise ConfigError("this PyTorch was built without oneDNN, which int8 needs: use fp32.")
    if precision == "bf16" and device == "cpu" and not _has_bf16_arithmetic():
        raise ConfigError(
            "this processor has no bfloat16 arithmetic (neither avx512_bf16 nor amx_bf16), so "
            "bf16 would be several times slower than fp32 here: use int8."
        )
