"""The eager reference computes the same vectors as the measured network."""

import torch

from benchmarks.encoders.eager_reference import eager_copy
from benchmarks.encoders.throughput import shapes
from galsearch.encoders.network.cross_modal_model import initialise


def test_the_eager_forward_is_the_same_network(toy_config) -> None:
    model = initialise(toy_config, 1).eval()
    plain = eager_copy(model)
    with torch.inference_mode():
        for kind, shape in shapes(toy_config).items():
            batch = torch.randn(2, *shape)
            torch.testing.assert_close(
                getattr(plain, kind)(batch), getattr(model, kind)(batch), rtol=0, atol=2e-5
            )
