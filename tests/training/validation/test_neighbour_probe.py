"""R2 of a label from nearest neighbours."""

import torch

from training.validation.neighbour_probe import neighbours_r2


def test_neighbours_predict_a_label_that_is_in_the_vectors() -> None:
    generator = torch.Generator().manual_seed(1)
    angle = torch.rand(300, generator=generator)
    vectors = torch.stack([angle.cos(), angle.sin()], dim=1)
    labels = angle.double().numpy()
    assert neighbours_r2(vectors[:200], labels[:200], vectors[200:], labels[200:], k=4) > 0.99
    noise = torch.randn(300, 2, generator=generator)
    assert neighbours_r2(noise[:200], labels[:200], noise[200:], labels[200:]) < 0.2
