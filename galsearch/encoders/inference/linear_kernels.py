"""Linear layers for inference in fp32, bf16 and int8, fused with the operation that follows.

fp32, bf16
    oneDNN multiplies with weights whose memory layout was prepared beforehand. GELU and, in
    fp32, the addition of the residual are applied to each tile of the product while it is in the
    cache.
int8
    8-bit tokens are multiplied by 7-bit weights and summed in 32 bits. Every token and every row
    of a weight matrix has its own scale, so an embedding does not depend on the rest of its
    batch. 7-bit weights keep the 16-bit sums of processors without VNNI from overflowing
    (255 * 63 * 2 fits). The output of a GELU is never below -0.17, so the 256 steps of such
    inputs lie between that value and the token's maximum.
"""

import torch
from torch import Tensor
from torch.nn import functional

from galsearch.encoders.inference.precision import has_onednn

_MAX_WEIGHT, _MAX_TOKEN, _ZERO_POINT, _N_STEPS = 63, 127, 128, 255
_GELU_FLOOR = 0.17
"""Lower bound of a GELU without its sign: the minimum of x * Phi(x) is -0.16997."""
_MIN_STEP = 1e-30
"""Smallest quantisation step, so that a row of zeros is not divided by zero."""


class FloatLinear:
    """A linear layer in fp32 or bf16.

    Parameters
    ----------
    weight : (n_out, n_in)
    bias : (n_out,)
    dtype
        Type of the inputs and weights in a product; sums are float32.
    """

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        self._weight, self._bias, self._dtype = weight.to(dtype), bias.to(dtype), dtype
        self._packed = weight.device.type == "cpu" and _has_packed_kernel(dtype)
        if self._packed:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(self._weight)

    def __call__(self, rows: Tensor) -> Tensor:
        """(N, n_out) float32 outputs of the layer for inputs (N, n_in)."""
        return self._linear(rows).float()

    def with_gelu(self, rows: Tensor) -> Tensor:
        """(N, n_out) GELU of the layer's outputs, in the type that the next layer takes."""
        if self._packed:
            return self._linear(rows, "gelu")
        return functional.gelu(self._linear(rows))

    def with_residual(self, rows: Tensor, residual: Tensor) -> Tensor:
        """(N, n_out) float32 sum of the layer's outputs and a residual of that shape."""
        if self._packed and self._dtype == torch.float32:
            linear = torch.ops.mkldnn._linear_pointwise.binary
            out: Tensor = linear(rows, residual, self._weight, self._bias, "add")
            return out
        return residual + self._linear(rows)

    def _linear(self, rows: Tensor, activation: str = "none") -> Tensor:
        rows = rows.to(self._dtype)
        if not self._packed:
            return functional.linear(rows, self._weight, self._bias)
        linear = torch.ops.mkldnn._linear_pointwise
        out: Tensor = linear(rows, self._weight, self._bias, activation, [], "none")
        return out


class Int8Linear:
    """A linear layer with dynamically quantised 8-bit inputs.

    Parameters
    ----------
    weight : (n_out, n_in)
    bias : (n_out,)
    after_gelu
        True where the inputs come from a GELU; they are overwritten in that case.
    """

    def __init__(self, weight: Tensor, bias: Tensor, *, after_gelu: bool = False) -> None:
        self._scales = (weight.abs().amax(1) / _MAX_WEIGHT).clamp(min=_MIN_STEP)
        quantised = (weight / self._scales[:, None]).round().to(torch.int8)
        self._packed = torch.ops.onednn.qlinear_prepack(quantised, None)
        self._zeros = torch.zeros(len(weight), dtype=torch.int32)
        self._after_gelu = after_gelu
        # Inputs that come from a GELU are shifted by its lower bound before the product, so the
        # effect of this shift is subtracted from the bias.
        shift = _GELU_FLOOR * quantised.sum(1) * self._scales if after_gelu else 0.0
        self._bias = bias - shift

    def __call__(self, rows: Tensor) -> Tensor:
        """(N, n_out) float32 outputs of the layer for inputs (N, n_in)."""
        product, step = self._product(rows)
        return torch.addcmul(self._bias, product, step, out=product)

    def with_gelu(self, rows: Tensor) -> Tensor:
        """(N, n_out) GELU of the layer's outputs, in the type that the next layer takes."""
        out: Tensor = torch.ops.aten.gelu_(self(rows))
        return out

    def with_residual(self, rows: Tensor, residual: Tensor) -> Tensor:
        """(N, n_out) float32 sum of the layer's outputs and a residual of that shape."""
        product, step = self._product(rows)
        return torch.addcmul(residual + self._bias, product, step, out=product)

    def _product(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Matrix product (N, n_out) in units of each row's quantisation step, and these steps."""
        quantised, step = _quantise_after_gelu(rows) if self._after_gelu else _quantise(rows)
        zero = 0 if self._after_gelu else _ZERO_POINT
        product = torch.ops.onednn.qlinear_pointwise(
            quantised, 1.0, zero, self._packed, self._scales, self._zeros, None,
            1.0, 0, torch.float32, "none", [], "",
        )  # fmt: skip
        return product, step


def _has_packed_kernel(dtype: torch.dtype) -> bool:
    """True where this PyTorch has oneDNN, and oneDNN supports the type on this processor."""
    if not has_onednn():
        return False
    supported: bool = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return dtype == torch.float32 or supported


def _quantise(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Rows quantised to uint8 from 1 to 255, with 128 for zero, and the steps of rows (N, 1)."""
    # The largest modulus comes from amax and amin, which take a tenth of the time of
    # vector_norm(ord=inf).
    step = torch.maximum(rows.amax(-1, keepdim=True), -rows.amin(-1, keepdim=True))
    step = step.div_(_MAX_TOKEN).clamp_(min=_MIN_STEP)
    # A half is added because the conversion to uint8 truncates; with it the conversion rounds.
    middle = rows.new_tensor(_ZERO_POINT + 0.5)
    return torch.addcmul(middle, rows, step.reciprocal()).to(torch.uint8), step


def _quantise_after_gelu(rows: Tensor) -> tuple[Tensor, Tensor]:
    """GELU outputs quantised to uint8 above the lower bound of a GELU, and row steps (N, 1)."""
    step = rows.amax(-1, keepdim=True).add_(_GELU_FLOOR).div_(_N_STEPS)
    per_step = step.clamp_(min=_MIN_STEP).reciprocal()
    # The lower bound of a GELU is added in units of the step, and a half so that the truncation
    # to uint8 rounds.
    offset = per_step * _GELU_FLOOR + 0.5
    return torch.addcmul(offset, rows, per_step, out=rows).to(torch.uint8), step
