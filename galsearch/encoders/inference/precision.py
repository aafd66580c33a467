"""Precisions of the matrices of the blocks, and how much a lower one changes the vectors.

`products` says what they are, `fused` what runs in them.
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

MIN_COSINE = 0.95
MIN_MEDIAN_COSINE = 0.99
"""A first batch whose vectors are less like their fp32 selves than this is refused."""
N_COMPARED = 32
"""Rows of the first batch that are embedded twice, at most."""
_BF16_FLAGS = ("avx512_bf16", "amx_bf16")


@dataclass(frozen=True)
class Agreement:
    """How much the vectors of a lower precision are like those of fp32."""

    precision: str
    modality: Modality
    n_compared: int
    least_cosine: float
    median_cosine: float

    def __str__(self) -> str:
        return (
            f"{self.precision} beside fp32, {self.n_compared} {self.modality} vectors: cosine "
            f"{self.least_cosine:.5f} at least, {self.median_cosine:.5f} in the median"
        )


class PrecisionCheck:
    """Compares the first vectors of a lower precision with fp32 and then forgets fp32."""

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
        """Embed prepared inputs in fp32 too, once; `vectors` are the lower precision's.

        Raises
        ------
        ConfigError
            Where a cosine is under `MIN_COSINE` or not a number, or the median is under
            `MIN_MEDIAN_COSINE`.
        """
        if self._exact is None or not len(inputs):
            return
        rows = slice(0, N_COMPARED)
        exact = torch.cat([self._exact(part) for part in torch.split(inputs[rows], 1)])
        cosines = functional.cosine_similarity(exact, vectors[rows], dim=-1)
        least, median = float(cosines.min()), float(cosines.median())
        agreement = Agreement(self.precision, self.modality, len(cosines), least, median)
        if not (least >= MIN_COSINE and median >= MIN_MEDIAN_COSINE):
            raise ConfigError(
                f"{agreement}; expected {MIN_COSINE} and {MIN_MEDIAN_COSINE} or more. These "
                "weights do not bear this precision: use fp32."
            )
        self.agreement, self._exact = agreement, None
        if self._report:
            self._report(agreement)


def has_onednn() -> bool:
    """Whether this PyTorch was built with it."""
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def check_precision(precision: str, device: str) -> None:
    """Raise where `precision` is unknown or this processor does not gain by it."""
    if precision not in get_args(Precision):
        raise ConfigError(
            f"precision is {precision!r}; expected one of {', '.join(get_args(Precision))}."
        )
    if precision == "int8" and device != "cpu":
        raise ConfigError(f"precision int8 is for the CPU, asked for is {device}: use bf16.")
    if precision == "int8" and not has_onednn():
        raise ConfigError("this PyTorch was built without oneDNN, which int8 needs: use fp32.")
    flags = torch.cpu.get_capabilities()
    if precision == "bf16" and device == "cpu" and not any(flags.get(f) for f in _BF16_FLAGS):
        raise ConfigError(
            "this processor has no bfloat16 arithmetic (neither avx512_bf16 nor amx_bf16), so "
            "bf16 would be several times slower than fp32 here: use int8."
        )
