"""Products of tokens with a matrix, in each precision, and what is done in the same pass.

fp32, bf16
    oneDNN's product of weights that were laid out for it beforehand; GELU and, in fp32, the
    addition of the residual are done on each tile of the product while it is in the cache.
int8
    8-bit tokens times 7-bit weights, summed in 32 bits. Every token has its own scale and every
    row of a matrix too, so a vector does not depend on what else is in its batch; and
    255 * 63 * 2 fits the 16-bit sums of processors without VNNI. Numbers out of a GELU are
    never under -0.17, so there the 256 steps lie between that and the token's largest number.
"""

import torch
from torch import Tensor
from torch.nn import functional

from galsearch.encoders.inference.precision import has_onednn

_LARGEST_WEIGHT, _LARGEST_TOKEN, _ZERO, _LEVELS = 63, 127, 128, 255
_GELU_FLOOR = 0.17
"""The least x * Phi(x) is -0.16997."""
_SMALLEST_STEP = 1e-30


class FloatLinear:
    """Numbers of 32 or 16 bits.

    Parameters
    ----------
    weight : (n_out, n_in)
    bias : (n_out,)
    dtype
        Of both factors; sums are float32.
    """

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        self._weight, self._bias, self._dtype = weight.to(dtype), bias.to(dtype), dtype
        self._packed = weight.device.type == "cpu" and _packs(dtype)
        if self._packed:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(self._weight)

    def __call__(self, rows: Tensor) -> Tensor:
        """(N, n_out) float32 from (N, n_in)."""
        return self._linear(rows).float()

    def gelu(self, rows: Tensor) -> Tensor:
        """GELU of the product, (N, n_out): what `plus` of the next one takes."""
        if self._packed:
            return self._linear(rows, "gelu")
        return functional.gelu(self._linear(rows))

    def plus(self, rows: Tensor, residual: Tensor) -> Tensor:
        """The product and a residual (N, n_out) added up, float32."""
        if self._packed and self._dtype == torch.float32:
            linear = torch.ops.mkldnn._linear_pointwise.binary
            out: Tensor = linear(rows, residual, self._weight, self._bias, "add")
            return out
        return residual + self._linear(rows)

    def _linear(self, rows: Tensor, then: str = "none") -> Tensor:
        rows = rows.to(self._dtype)
        if not self._packed:
            return functional.linear(rows, self._weight, self._bias)
        linear = torch.ops.mkldnn._linear_pointwise
        out: Tensor = linear(rows, self._weight, self._bias, then, [], "none")
        return out


class Int8Linear:
    """Integers of 8 bits.

    Parameters
    ----------
    weight : (n_out, n_in)
    bias : (n_out,)
    after_gelu
        Whether rows come out of a GELU, and may be overwritten.
    """

    def __init__(self, weight: Tensor, bias: Tensor, *, after_gelu: bool = False) -> None:
        self._scales = (weight.abs().amax(1) / _LARGEST_WEIGHT).clamp(min=_SMALLEST_STEP)
        whole = (weight / self._scales[:, None]).round().to(torch.int8)
        self._packed = torch.ops.onednn.qlinear_prepack(whole, None)
        self._zeros = torch.zeros(len(weight), dtype=torch.int32)
        self._after_gelu = after_gelu
        # Rows after a GELU are multiplied with the floor added to each of their numbers.
        added = _GELU_FLOOR * whole.sum(1) * self._scales if after_gelu else 0.0
        self._bias = bias - added

    def __call__(self, rows: Tensor) -> Tensor:
        """(N, n_out) float32 from (N, n_in)."""
        product, step = self._product(rows)
        return torch.addcmul(self._bias, product, step, out=product)

    def gelu(self, rows: Tensor) -> Tensor:
        """GELU of the product, (N, n_out): what `plus` of the next one takes."""
        out: Tensor = torch.ops.aten.gelu_(self(rows))
        return out

    def plus(self, rows: Tensor, residual: Tensor) -> Tensor:
        """The product and a residual (N, n_out) added up, float32."""
        product, step = self._product(rows)
        return torch.addcmul(residual + self._bias, product, step, out=product)

    def _product(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The product in units of the rows' steps, and those, (N, 1)."""
        whole, step = _whole_after_gelu(rows) if self._after_gelu else _whole(rows)
        zero = 0 if self._after_gelu else _ZERO
        product = torch.ops.onednn.qlinear_pointwise(
            whole, 1.0, zero, self._packed, self._scales, self._zeros, None,
            1.0, 0, torch.float32, "none", [], "",
        )  # fmt: skip
        return product, step


def _packs(dtype: torch.dtype) -> bool:
    """Whether this PyTorch has oneDNN, and that multiplies such numbers on this processor."""
    if not has_onednn():
        return False
    supported: bool = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return dtype == torch.float32 or supported


def _whole(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers in steps of their row, 1 to 255 with 128 for zero; the steps, (N, 1)."""
    # Two passes, and a tenth of the time of vector_norm(ord=inf).
    step = torch.maximum(rows.amax(-1, keepdim=True), -rows.amin(-1, keepdim=True))
    step = step.div_(_LARGEST_TOKEN).clamp_(min=_SMALLEST_STEP)
    # Cutting off the fraction of a positive number and a half rounds it.
    middle = rows.new_tensor(_ZERO + 0.5)
    return torch.addcmul(middle, rows, step.reciprocal()).to(torch.uint8), step


def _whole_after_gelu(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers above the floor in steps of their row, 0 to 255; the steps, (N, 1)."""
    step = rows.amax(-1, keepdim=True).add_(_GELU_FLOOR).div_(_LEVELS)
    per_step = step.clamp_(min=_SMALLEST_STEP).reciprocal()
    least = per_step * _GELU_FLOOR + 0.5
    return torch.addcmul(least, rows, per_step, out=rows).to(torch.uint8), step
