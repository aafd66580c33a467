"""The contrastive loss with a queue and its step, compared with slow implementations."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from training.engine.optimiser import learning_rate, make_optimiser
from training.engine.processes import Processes
from training.engine.stage_config import StageConfig
from training.objectives.clip_loss import clip_loss
from training.objectives.contrastive_step import AlignmentStep, EmbeddingQueue, contrastive_loss


def slow_loss(image, spectrum, scale, galaxy, queue) -> float:
    """Each galaxy by itself: its partner against all others and all that is queued."""

    def unit(rows):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    image, spectrum = unit(image), unit(spectrum)
    older = {"image": unit(queue[0]), "spectrum": unit(queue[1])}
    total = 0.0
    for rows, columns, kind in ((image, spectrum, "spectrum"), (spectrum, image, "image")):
        for i in range(len(rows)):
            candidates = [scale * rows[i] @ column for column in columns]
            candidates += [
                scale * rows[i] @ column
                for column, its_galaxy in zip(older[kind], queue[2], strict=True)
                if its_galaxy != galaxy[i]
            ]
            total -= candidates[i] - np.log(np.exp(candidates).sum())
    return total / (2 * len(image))


@pytest.mark.parametrize("seed", range(3))
def test_a_queue_adds_candidates_and_never_the_galaxy_itself(seed: int) -> None:
    rng = np.random.default_rng(seed)
    image, spectrum = rng.normal(size=(2, 5, 4))
    older = rng.normal(size=(2, 7, 4))
    galaxy, queued = np.arange(5), np.array([3, 9, 1, 1, 12, 13, 14])
    queue = EmbeddingQueue(7)
    queue.push(*map(torch.from_numpy, (*older, queued)))
    found = contrastive_loss(
        *map(torch.from_numpy, (image, spectrum)), 6.0, torch.from_numpy(galaxy), queue
    )
    expected = slow_loss(image, spectrum, 6.0, galaxy, (*older, queued))
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_without_a_queue_it_is_the_published_loss() -> None:
    image, spectrum = torch.randn(2, 6, 4)
    for queue in (None, EmbeddingQueue(8)):
        found = contrastive_loss(image, spectrum, torch.tensor(9.0), torch.arange(6), queue)
        assert torch.equal(found, clip_loss(image, spectrum, 9.0))


def test_the_oldest_leave_a_queue_and_no_gradient_stays() -> None:
    queue = EmbeddingQueue(5)
    for start in (0, 3, 6):
        rows = torch.arange(start, start + 3)
        queue.push(rows[:, None].float().requires_grad_(), rows[:, None].float(), rows)
    assert queue.held is not None
    assert queue.held[2].tolist() == [4, 5, 6, 7, 8]
    assert queue.held[0][:, 0].tolist() == [4, 5, 6, 7, 8]
    assert not queue.held[0].requires_grad
    other = EmbeddingQueue(5)
    other.load_state_dict(queue.state_dict())
    assert other.held is queue.held


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
