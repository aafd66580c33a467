"""One optimiser step of an alignment, compared with the same step written out in full."""

import copy
import math

import pytest
import torch
from torch import Tensor, nn

from training.engine.optimiser import learning_rate, make_optimiser
from training.engine.processes import Processes
from training.engine.stage_config import StageConfig
from training.objectives.alignment_step import AlignmentStep
from training.objectives.clip_loss import clip_loss


class TwoLinear(nn.Module):
    """Embeds images and spectra by one matrix each."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.spectrum = nn.Linear(5, 3), nn.Linear(4, 3)
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, image: Tensor, spectrum: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.image(image), self.spectrum(spectrum), self.scale.exp()


class WeightedLoss(nn.Module):
    """InfoNCE times a learned weight, and a term that depends on the galaxies' row numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(1.5))

    def forward(self, image: Tensor, spectrum: Tensor, scale: Tensor, galaxy: Tensor) -> Tensor:
        by_row = (image.square().sum(1) * galaxy).mean()
        return self.weight * clip_loss(image, spectrum, scale) + 0.01 * by_row


@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_step_is_that_of_adamw_with_a_clipped_gradient(accumulate: int) -> None:
    torch.manual_seed(3)
    config = StageConfig(accumulate=accumulate, gradient_clip=0.1, learning_rate=0.02)
    modules = nn.ModuleList([TwoLinear().double(), WeightedLoss().double()])
    pair, rows = (torch.randn(6, 5).double(), torch.randn(6, 4).double()), torch.arange(6)
    expected = copy.deepcopy(modules)

    step = AlignmentStep(
        modules[0], modules[1], make_optimiser(modules, config), config, Processes()
    )
    found = step.make(7, 100, pair, rows)

    loss = expected[1](*expected[0](*pair), rows)
    loss.backward()
    gradients = {name: p.grad for name, p in expected.named_parameters() if p.grad is not None}
    norm = math.sqrt(sum(float(g.square().sum()) for g in gradients.values()))
    rate = learning_rate(7, 100, config)
    assert norm > config.gradient_clip
    assert [float(found[name]) for name in ("loss", "gradient", "learning_rate", "scale")] == (
        pytest.approx([loss.item(), norm, rate, math.exp(2)], rel=1e-6)
    )
    for name, parameter in expected.named_parameters():
        gradient = gradients[name] * config.gradient_clip / (norm + 1e-6)
        decay = config.weight_decay if parameter.ndim == 2 else 0.0
        # The first step of AdamW goes by the sign of the gradient: both means are its own.
        change = rate * gradient / (gradient.abs() + 1e-8)
        wanted = parameter * (1 - rate * decay) - change
        assert torch.allclose(dict(modules.named_parameters())[name], wanted, rtol=1e-6)
