"""Random convolutions are fixed by their seed; principal components explain a plane."""

import numpy as np
import torch

from benchmarks.retrieval.random_features import RandomConvolutions, principal_components


def test_random_convolutions_are_fixed_by_their_seed_and_treat_each_image_by_itself() -> None:
    images = torch.randn(3, 3, 96, 96)
    one, again, other = (RandomConvolutions(seed) for seed in (1, 1, 2))
    assert not any(p.requires_grad for p in one.parameters())
    assert one(images).shape == (3, 1024)
    torch.testing.assert_close(one(images), again(images))
    torch.testing.assert_close(one(images[1:2]), one(images)[1:2], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(one(images), other(images))


def test_two_components_explain_a_plane() -> None:
    generator = np.random.default_rng(5)
    plane = generator.normal(size=(80, 2)) @ generator.normal(size=(2, 30))
    found = principal_components(plane.astype(np.float32), np.arange(60), seed=1, n=5)
    centred = plane - plane[:60].mean(axis=0)
    lengths = np.linalg.norm(found[:, :2], axis=1)
    np.testing.assert_allclose(lengths, np.linalg.norm(centred, axis=1), rtol=1e-3)
    assert np.abs(found[:, 2:]).max() < 1e-3
