"""Blocks as they embed are the blocks of the architecture, in every form of their matrices."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.encoders.inference.fused_blocks import FusedBlock
from galsearch.encoders.inference.linear_kernels import FloatLinear, Int8Linear
from galsearch.encoders.network.transformer import ImageBlock, SpectrumBlock


@pytest.fixture(autouse=True)
def _fixed_numbers():
    torch.manual_seed(4)
    with torch.inference_mode():
        yield


def block(kind: str) -> nn.Module:
    """With weights that matter: layer scales and norms far from their initial ones."""
    if kind == "spectrum":
        made: nn.Module = SpectrumBlock(48, 6, 4)
    else:
        made = ImageBlock(48, 6, 4, layer_scale=kind == "scaled image")
    for name, parameter in made.named_parameters():
        if parameter.ndim == 1:
            parameter.copy_(torch.randn(parameter.shape) * 0.3 + ("norm" in name or "ls" in name))
    return made.eval()


KINDS = ["image", "scaled image", "spectrum"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("packed", [True, False])
def test_a_fused_block_gives_what_the_block_gives(
    kind: str, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, x = block(kind), torch.randn(3, 50, 48)
    given = x.clone()
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: packed)
    torch.testing.assert_close(FusedBlock(made, "fp32")(x), made(x), rtol=0, atol=5e-6)
    assert torch.equal(x, given)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("precision", "least"), [("int8", 0.9995), ("bf16", 0.9999)])
def test_lower_precisions_are_close_and_change_no_input(
    kind: str, precision: str, least: float
) -> None:
    made, x = block(kind), torch.randn(3, 50, 48)
    given = x.clone()
    cosines = functional.cosine_similarity(FusedBlock(made, precision)(x), made(x), dim=-1)
    assert least < cosines.min() <= 1 + 1e-6
    assert torch.equal(x, given)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_tokens_numbers_do_not_depend_on_the_batch(precision: str) -> None:
    fast, x = FusedBlock(block("scaled image"), precision), torch.randn(7, 50, 48)
    x[3] *= 1e4  # a neighbour of another size
    alone = torch.cat([fast(one) for one in x.split(1)])
    for i in range(7):
        scale = float(alone[i].abs().max())
        torch.testing.assert_close(fast(x)[i], alone[i], rtol=0, atol=2e-7 * scale)


def exact_int8(weight: Tensor, bias: Tensor, rows: Tensor, *, after_gelu: bool) -> Tensor:
    """The same rounding in float64, number by number."""
    weight, rows = weight.double(), rows.double()
    scale = weight.abs().amax(1, keepdim=True) / 63
    rounded = (weight / scale).round() * scale
    if after_gelu:
        step = (rows.amax(1, keepdim=True) + 0.17) / 255
        return (((rows + 0.17) / step).round() * step - 0.17) @ rounded.T + bias.double()
    step = rows.abs().amax(1, keepdim=True) / 127
    return (rows / step).round() * step @ rounded.T + bias.double()


@pytest.mark.parametrize("after_gelu", [True, False])
def test_int8_is_rounding_and_nothing_else(after_gelu: bool) -> None:
    weight, bias, rows = torch.randn(40, 64) / 8, torch.randn(40), torch.randn(30, 64)
    if after_gelu:
        rows = functional.gelu(rows * 2)
    expected = exact_int8(weight, bias, rows, after_gelu=after_gelu)
    product = Int8Linear(weight, bias, after_gelu=after_gelu)
    residual = torch.randn(30, 40)
    found = product.with_residual(rows.clone(), residual)
    # A number that lies on the edge between two steps may fall to either side in float32.
    assert ((found.double() - residual.double() - expected).abs() < 1e-5).double().mean() > 0.98
    rounding = expected - (rows @ weight.T + bias).double()
    assert 0.001 < rounding.abs().mean() < 0.02


def test_rows_of_zeros_are_their_bias() -> None:
    weight, bias = torch.randn(8, 16), torch.randn(8)
    zeros = torch.zeros(2, 16)
    for product in (
        FloatLinear(weight, bias, torch.float32),
        Int8Linear(weight, bias),
        Int8Linear(torch.zeros(8, 16), bias),
    ):
        torch.testing.assert_close(product(zeros), bias.expand(2, -1))
