"""Linear kernels: int8 equals a slow version with the same rounding, zeros give the bias."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from galsearch.encoders.inference.linear_kernels import FloatLinear, Int8Linear


@pytest.fixture(autouse=True)
def _fixed_seed():
    torch.manual_seed(4)
    with torch.inference_mode():
        yield


def exact_int8(weight: Tensor, bias: Tensor, rows: Tensor, *, after_gelu: bool) -> Tensor:
    """The product in float64 with the same rounding of both factors."""
    weight, rows = weight.double(), rows.double()
    scale = weight.abs().amax(1, keepdim=True) / 63
    rounded = (weight / scale).round() * scale
    if after_gelu:
        step = (rows.amax(1, keepdim=True) + 0.17) / 255
        return (((rows + 0.17) / step).round() * step - 0.17) @ rounded.T + bias.double()
    step = rows.abs().amax(1, keepdim=True) / 127
    return (rows / step).round() * step @ rounded.T + bias.double()


@pytest.mark.parametrize("after_gelu", [True, False])
def test_int8_equals_exact_arithmetic_on_rounded_values(after_gelu: bool) -> None:
    weight, bias, rows = torch.randn(40, 64) / 8, torch.randn(40), torch.randn(30, 64)
    if after_gelu:
        rows = functional.gelu(rows * 2)
    expected = exact_int8(weight, bias, rows, after_gelu=after_gelu)
    product = Int8Linear(weight, bias, after_gelu=after_gelu)
    residual = torch.randn(30, 40)
    found = product.with_residual(rows.clone(), residual)
    # A value on the border between two steps may be rounded to either side in float32.
    assert ((found.double() - residual.double() - expected).abs() < 1e-5).double().mean() > 0.98
    rounding = expected - (rows @ weight.T + bias).double()
    assert 0.001 < rounding.abs().mean() < 0.02


def test_rows_of_zeros_give_the_bias() -> None:
    weight, bias = torch.randn(8, 16), torch.randn(8)
    zeros = torch.zeros(2, 16)
    for product in (
        FloatLinear(weight, bias, torch.float32),
        Int8Linear(weight, bias),
        Int8Linear(torch.zeros(8, 16), bias),
    ):
        torch.testing.assert_close(product(zeros), bias.expand(2, -1))
