"""Fused blocks give the outputs of the blocks whose weights they use, in every precision."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from galsearch.encoders.inference.fused_blocks import FusedBlock
from galsearch.encoders.network.transformer import ImageBlock, SpectrumBlock


@pytest.fixture(autouse=True)
def _fixed_seed():
    torch.manual_seed(4)
    with torch.inference_mode():
        yield


def block(kind: str) -> nn.Module:
    """A block whose layer scales and norms are far from their initial values."""
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
def test_a_fused_block_gives_the_output_of_its_block(
    kind: str, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, x = block(kind), torch.randn(3, 50, 48)
    given = x.clone()
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: packed)
    torch.testing.assert_close(FusedBlock(made, "fp32")(x), made(x), rtol=0, atol=5e-6)
    assert torch.equal(x, given)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("precision", "least"), [("int8", 0.9995), ("bf16", 0.9999)])
def test_lower_precisions_are_close_and_keep_their_input(
    kind: str, precision: str, least: float
) -> None:
    made, x = block(kind), torch.randn(3, 50, 48)
    given = x.clone()
    cosines = functional.cosine_similarity(FusedBlock(made, precision)(x), made(x), dim=-1)
    assert least < cosines.min() <= 1 + 1e-6
    assert torch.equal(x, given)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_token_does_not_depend_on_its_batch(precision: str) -> None:
    fast, x = FusedBlock(block("scaled image"), precision), torch.randn(7, 50, 48)
    x[3] *= 1e4  # another token of a different magnitude
    alone = torch.cat([fast(one) for one in x.split(1)])
    for i in range(7):
        scale = float(alone[i].abs().max())
        torch.testing.assert_close(fast(x)[i], alone[i], rtol=0, atol=2e-7 * scale)
