"""The contrastive loss of AstroCLIP gives the recorded numbers and those of a plain loop."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.reference.parity import assert_agrees
from training.objectives.clip_loss import SMALLEST_NORM, clip_logits, clip_loss

Recorded = Callable[[str], dict[str, Tensor]]


def test_the_contrastive_loss(recorded: Recorded) -> None:
    given_pairs = recorded("clip")
    image, spectrum = given_pairs["rand_image"], given_pairs["rand_spectrum"]
    normalised = torch.nn.functional.normalize(image, dim=-1, eps=SMALLEST_NORM)
    assert_agrees(normalised, given_pairs["rand_image_normalised"])
    assert_agrees(clip_logits(image, spectrum, 15.5), given_pairs["rand_logits_15p5"])
    assert_agrees(clip_loss(image, spectrum, 15.5), given_pairs["rand_loss_15p5"])
    assert_agrees(clip_loss(image, spectrum, 1.0), given_pairs["rand_loss_1"])
    image = recorded("image_out")["embedding"]
    spectrum = recorded("spectrum_out")["embedding"][:4]
    assert_agrees(clip_logits(image, spectrum, 15.5), given_pairs["tiny_logits_per_image_15p5"])
    for name, scale in (("15p5", 15.5), ("1", 1.0), ("logit", math.log(15.5))):
        assert_agrees(clip_loss(image, spectrum, scale), given_pairs[f"tiny_loss_scale_{name}"])


@given(st.integers(2, 9), st.integers(0, 99))
def test_the_contrastive_loss_is_two_plain_cross_entropies(n: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    image, spectrum = generator.normal(size=(2, n, 5))
    rows = image / np.linalg.norm(image, axis=1, keepdims=True)
    columns = spectrum / np.linalg.norm(spectrum, axis=1, keepdims=True)
    logits, slow = 7.0 * rows @ columns.T, 0.0
    for i in range(n):
        slow -= logits[i, i] - np.log(np.exp(logits[i]).sum())
        slow -= logits[i, i] - np.log(np.exp(logits[:, i]).sum())
    fast = clip_loss(torch.from_numpy(image), torch.from_numpy(spectrum), 7.0)
    assert float(fast) == pytest.approx(slow / (2 * n))
