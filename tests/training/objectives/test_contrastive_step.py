"""The contrastive loss with a queue, compared with a slow implementation."""

import numpy as np
import pytest
import torch

from training.objectives.clip_loss import clip_loss
from training.objectives.contrastive_step import EmbeddingQueue, contrastive_loss


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
