"""Lower precision for the matrices of the blocks, and how much it changes the vectors.

`int8` multiplies 8-bit tokens with 7-bit weights and sums in 32 bits. Every token has its own
scale and every row of a matrix too, so a vector does not depend on what else is in its batch;
and 255 * 63 * 2 fits the 16-bit sums of processors without VNNI. `bf16` multiplies bfloat16 and
pays on processors that have it in hardware. Norms, attention, heads and what runs between the
blocks stay in fp32.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.core.errors import ConfigError
from galsearch.core.modality import Modality
from galsearch.encoders.model import CrossModalModel

Precision = Literal["fp32", "int8", "bf16"]
Forward = Callable[[Tensor], Tensor]

SMALLEST_COSINE = 0.95
SMALLEST_MEDIAN = 0.99
"""A first batch whose vectors are less like their fp32 selves than this is refused."""
N_COMPARED = 32
"""Rows of the first batch that are embedded twice, at most."""
_LARGEST_WEIGHT, _LARGEST_TOKEN, _ZERO = 63, 127, 128
_BF16_FLAGS = ("avx512_bf16", "amx_bf16")


class Int8Linear(nn.Module):
    """A linear layer whose product is taken in 8-bit integers."""

    packed: Tensor
    scales: Tensor
    zeros: Tensor
    bias: Tensor

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        weight = layer.weight.detach()
        scales = (weight.abs().amax(1) / _LARGEST_WEIGHT).clamp(min=1e-30)
        whole = (weight / scales[:, None]).round().to(torch.int8)
        self.packed = torch.ops.onednn.qlinear_prepack(whole, None)
        self.scales = scales
        self.zeros = torch.zeros(len(weight), dtype=torch.int32)
        self.bias = layer.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        """(..., n_in) to (..., n_out)."""
        rows = x.reshape(-1, x.shape[-1])
        # Two passes, and a tenth of the time of vector_norm(ord=inf).
        step = torch.maximum(rows.amax(-1, keepdim=True), -rows.amin(-1, keepdim=True))
        step = step.div_(_LARGEST_TOKEN).clamp_(min=1e-30)
        # The numbers are 1 to 255 and a half: cutting off the fraction rounds them.
        whole = (rows * step.reciprocal()).add_(_ZERO + 0.5).to(torch.uint8)
        product = torch.ops.onednn.qlinear_pointwise(
            whole, 1.0, _ZERO, self.packed, self.scales, self.zeros, None,
            1.0, 0, torch.float32, "none", [], "",
        )  # fmt: skip
        out: Tensor = torch.addcmul(self.bias, product, step, out=product)
        return out.view(*x.shape[:-1], -1)


class Bf16Linear(nn.Module):
    """A linear layer whose product is taken in bfloat16."""

    weight: Tensor
    bias: Tensor

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.weight = layer.weight.detach().bfloat16()
        self.bias = layer.bias.detach().bfloat16()

    def forward(self, x: Tensor) -> Tensor:
        """(..., n_in) to (..., n_out)."""
        return functional.linear(x.bfloat16(), self.weight, self.bias).float()


LAYERS: dict[str, type[Int8Linear] | type[Bf16Linear]] = {"int8": Int8Linear, "bf16": Bf16Linear}


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


class FirstBatch:
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
            Where a cosine is under `SMALLEST_COSINE` or not a number, or the median is under
            `SMALLEST_MEDIAN`.
        """
        if self._exact is None or not len(inputs):
            return
        rows = slice(0, N_COMPARED)
        exact = torch.cat([self._exact(part) for part in torch.split(inputs[rows], 1)])
        cosines = functional.cosine_similarity(exact, vectors[rows], dim=-1)
        least, median = float(cosines.min()), float(cosines.median())
        agreement = Agreement(self.precision, self.modality, len(cosines), least, median)
        if not (least >= SMALLEST_COSINE and median >= SMALLEST_MEDIAN):
            raise ConfigError(
                f"{agreement}; expected {SMALLEST_COSINE} and {SMALLEST_MEDIAN} or more. These "
                "weights do not bear this precision: use fp32."
            )
        self.agreement, self._exact = agreement, None
        if self._report:
            self._report(agreement)


def check_precision(precision: str, device: str) -> None:
    """Raise where `precision` is unknown or this processor does not gain by it."""
    if precision not in get_args(Precision):
        raise ConfigError(
            f"precision is {precision!r}; expected one of {', '.join(get_args(Precision))}."
        )
    if precision == "int8" and device != "cpu":
        raise ConfigError(f"precision int8 is for the CPU, asked for is {device}: use bf16.")
    flags = torch.cpu.get_capabilities()
    if precision == "bf16" and device == "cpu" and not any(flags.get(f) for f in _BF16_FLAGS):
        raise ConfigError(
            "this processor has no bfloat16 arithmetic (neither avx512_bf16 nor amx_bf16), so "
            "bf16 would be several times slower than fp32 here: use int8."
        )


def lowered(model: CrossModalModel, precision: str) -> CrossModalModel:
    """A model that shares the weights of `model`, but for the matrices of its blocks."""
    with torch.device("meta"):
        lower = CrossModalModel(model.config)
    lower.load_state_dict(model.state_dict(), assign=True)
    for parent, name, layer in list(_block_layers(lower)):
        setattr(parent, name, LAYERS[precision](layer))
    return lower.eval().requires_grad_(requires_grad=False)


def _block_layers(model: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    for path, parent in model.named_modules():
        if ".blocks." in path:
            for name, child in parent.named_children():
                if isinstance(child, nn.Linear):
                    yield parent, name, child
