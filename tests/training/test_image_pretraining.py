"""Pre-training on images: the seeing and dust of the images, and settings that are refused."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import ConfigError
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from training import image_pretraining, spectrum_pretraining
from training.data.galaxies import choose_galaxies
from training.engine.stage_config import StageConfig, read_stage_config
from training.image_pretraining import seeing_and_dust
from training.image_pretraining_config import ImagePretrainingConfig
from training.spectrum_pretraining import SpectrumPretrainingConfig

SHORT = "n_steps = 4\nbatch_size = 8\nlog_steps = 1\nvalidate_steps = 4\n"

STAGES = {
    "image_pretraining": (image_pretraining, ImagePretrainingConfig, Modality.IMAGE),
    "spectrum_pretraining": (spectrum_pretraining, SpectrumPretrainingConfig, Modality.SPECTRUM),
}


@pytest.fixture
def config_of(write_config: Callable[..., Path]) -> Callable[..., StageConfig]:
    def read(stage: str, **changes: object) -> StageConfig:
        config = read_stage_config(write_config(stage, SHORT), STAGES[stage][1], {})
        return dataclasses.replace(config, **changes)

    return read


def test_widths_of_images_may_be_labels(
    config_of: Callable[..., StageConfig], learning_set: Path
) -> None:
    galaxies = choose_galaxies(open_dataset(learning_set), (Modality.IMAGE,))
    config = config_of("image_pretraining", psf_columns=("true_z",) * 3)
    assert isinstance(config, ImagePretrainingConfig)
    psf, dust = seeing_and_dust(galaxies, config)
    assert psf is not None
    np.testing.assert_array_equal(psf[:, 1], galaxies.column("true_z"))
    assert dust.shape == (48,)
    assert np.isfinite(dust).all()
    with pytest.raises(ConfigError) as caught:
        seeing_and_dust(galaxies, dataclasses.replace(config, psf_columns=("true_z",)))
    assert str(caught.value) == ("psf_columns are one column for each of g, r, z; found 1.")


def test_sizes_that_do_not_fit_are_refused(
    config_of: Callable[..., StageConfig],
) -> None:
    for changes, message in (
        ({"local_size": 13}, "local_size = 13 must be a multiple of patch_size = 12."),
        ({"held_size": 20}, "held_size = 20 must not be less than image_size = 24."),
        ({"batch_size": 0}, "expected numbers above 0, found batch_size = 0."),
    ):
        with pytest.raises(ConfigError) as caught:
            config_of("image_pretraining", **changes)
        assert str(caught.value) == message
