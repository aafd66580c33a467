"""Networks with blocks in bf16 agree with fp32."""

import torch
from torch.nn import functional

from galsearch.encoders import checkpoint
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.encoders.inference.device_blocks import with_bfloat16_blocks
from galsearch.encoders.load import _find


def inputs_of(config: ModelConfig, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    image, spectrum = config.image, config.spectrum
    assert image is not None
    assert spectrum is not None
    generator = torch.Generator().manual_seed(1)
    shape = (n, image.n_bands, image.image_size, image.image_size)
    images = torch.randn(shape, generator=generator) / 3
    n_tokens = spectrum.max_tokens
    return images, torch.randn((n, n_tokens, spectrum.n_features), generator=generator) / 3


def test_embeddings_of_the_shipped_weights_agree_with_fp32() -> None:
    model = checkpoint.read(_find("galsearch-small")).eval()
    faster = with_bfloat16_blocks(model)
    images, spectra = inputs_of(model.config, 6)
    with torch.inference_mode():
        for exact, found in (
            (model.image(images), faster.image(images)),
            (model.spectrum(spectra), faster.spectrum(spectra)),
        ):
            assert found.dtype == torch.float32
            assert functional.cosine_similarity(exact, found).min() > 0.9999


def test_only_the_blocks_change_their_weights() -> None:
    model = checkpoint.read(_find("galsearch-small")).eval()
    faster = dict(with_bfloat16_blocks(model).named_parameters())
    assert {name: weight.dtype for name, weight in faster.items()} == {
        name: torch.bfloat16 if ".blocks." in name else torch.float32 for name in faster
    }
