"""Labels that are missing, misspelled or not numeric."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from training import image_pretraining, spectrum_pretraining
from training.data.catalogue_labels import read_label
from training.data.galaxies import choose_galaxies
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import StageConfig, read_stage_config
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


def train(stage: str, config: StageConfig, dataset: Path, out: Path) -> Path:
    directory = RunDirectory(out, stage)
    found: Path = STAGES[stage][0].train(config, open_dataset(dataset), directory, Processes())
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_a_wrong_label_column_is_refused(
    stage: str, config_of: Callable[..., StageConfig], learning_set: Path, tmp_path: Path
) -> None:
    for name, said in (
        ("true_zz", "has no such column of that name where a column of numbers is needed; did "
         "you mean 'true_z'?"),
        ("kind", "has text of that name where a column of numbers is needed; it has "),
    ):  # fmt: skip
        with pytest.raises(DatasetError) as caught:
            train(stage, config_of(stage, probe_label=name), learning_set, tmp_path / "run")
        message = f"label {name!r}: dataset 'tiny' {said}"
        assert str(caught.value)[: len(message)] == message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("stage", STAGES)
def test_missing_labels_are_refused_unless_skipped(
    stage: str, config_of: Callable[..., StageConfig], make_dataset: Callable[..., Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    dataset = make_dataset(24, 8, nan_labels=3)
    with pytest.raises(DatasetError) as caught:
        train(stage, config_of(stage, probe_label="true_z"), dataset, tmp_path / "run")
    assert str(caught.value) == (
        "label 'true_z': 3 of 32 galaxies have none (null, NaN or infinite). Name another "
        'column, or set missing_labels = "skip" to measure with the others.'
    )
    assert not (tmp_path / "run").exists()
    skipping = config_of(stage, probe_label="true_z", missing_labels="skip")
    train(stage, skipping, dataset, tmp_path / "run")
    last = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert np.isfinite(last["true_z_r2"])


def test_a_label_of_too_few_galaxies_is_refused(make_dataset: Callable[..., Path]) -> None:
    galaxies = choose_galaxies(open_dataset(make_dataset(6, 2, nan_labels=8)), (Modality.SPECTRUM,))
    with pytest.raises(DatasetError) as caught:
        read_label(galaxies, "true_z", "skip")
    assert str(caught.value) == (
        "label 'true_z': fewer than 2 galaxies of the train split have it."
    )
