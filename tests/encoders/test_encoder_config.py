"""Sizes of networks that contradict each other are refused."""

import pytest

from galsearch.core.errors import ConfigError
from galsearch.encoders.encoder_config import (
    GALSEARCH_SMALL,
    HeadConfig,
    ImageConfig,
    ModelConfig,
    SpectrumConfig,
)


def test_templates_need_a_stem_and_a_log_wavelength_grid() -> None:
    with pytest.raises(ConfigError, match="n_templates = 4 needs a grid uniform in log wavelength"):
        SpectrumConfig(n_templates=4, stem_widths=())


def test_strides_that_do_not_give_one_token_per_slice_are_refused() -> None:
    with pytest.raises(ConfigError) as error:
        SpectrumConfig(stem_strides=(4, 2, 2, 2))
    assert str(error.value) == (
        "stem_strides multiply to 32; they must multiply to slice_length = 64, and slice_step = "
        "64 be that."
    )
    with pytest.raises(ConfigError) as error:
        SpectrumConfig(stem_strides=(8, 8))
    assert str(error.value) == (
        "3 stem_widths and the width of a token need 4 stem_strides, found 2."
    )
    with pytest.raises(ConfigError) as error:
        ModelConfig("any", "galsearch", spectrum=SpectrumConfig(n_log_pixels=0, stem_widths=()))
    assert str(error.value) == (
        "preparation 'galsearch' needs n_log_pixels of at least 1, found 0."
    )


def test_sizes_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ConfigError) as error:
        ImageConfig(image_size=100)
    assert str(error.value) == "patch_size = 12 must divide image_size = 100."
    with pytest.raises(ConfigError) as error:
        HeadConfig(width=30)
    assert str(error.value) == "n_heads = 4 must divide width = 30."


def test_heads_of_different_widths_are_refused() -> None:
    with pytest.raises(ConfigError) as error:
        ModelConfig(
            "any", "galsearch", ImageConfig(), SpectrumConfig(), HeadConfig(128), HeadConfig(64)
        )
    assert str(error.value) == "both heads must end in one space, found widths 128 and 64."


def test_a_model_without_modalities_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        ModelConfig("any", "galsearch")
    assert str(error.value) == "a model needs an image section, a spectrum section or both."


def test_the_shipped_model_has_128_dimensions_and_64_patches() -> None:
    assert GALSEARCH_SMALL.dim == 128
    assert GALSEARCH_SMALL.image is not None
    assert GALSEARCH_SMALL.image.n_patches == 64
