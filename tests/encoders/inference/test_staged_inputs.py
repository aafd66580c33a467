"""Inputs reach the device of a network, and vectors return from it; here both are the CPU."""

import numpy as np
import torch

from galsearch.encoders import initialise
from galsearch.encoders.inference.staged_inputs import fetch, stage
from galsearch.encoders.load import pair_from_model
from tests.encoders.conftest import TINY


def test_inputs_for_a_cpu_are_not_copied() -> None:
    inputs = torch.arange(6.0).view(2, 3)
    staged = stage(inputs, torch.device("cpu"))
    assert (len(staged), staged.arrived) == (2, None)
    assert staged.wait() is inputs


def test_vectors_arrive_as_float32() -> None:
    found = fetch(torch.tensor([[1.5, -2.0]], dtype=torch.bfloat16))()
    assert found.dtype == np.float32
    assert found.tolist() == [[1.5, -2.0]]


def test_embedding_in_two_steps_gives_the_bytes_of_embed() -> None:
    pair = pair_from_model(initialise(TINY, 1))
    rng = np.random.default_rng(1)
    images = rng.normal(size=(5, 3, 24, 24)).astype(np.float32)
    steps = pair.image.start(pair.image.prepare(images))()
    assert steps.tobytes() == pair.image.embed(images).tobytes()
    assert pair.image.start(stage(torch.zeros(0), torch.device("cpu")))().shape == (0, pair.dim)
