"""Every tensor of a training step is on one device, in every stage."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from galsearch.dataset import open_dataset
from tests.second_device import SECOND, second_device
from training import alignment, image_pretraining, spectrum_pretraining
from training.alignment import AlignmentConfig
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import StageConfig, read_stage_config
from training.image_pretraining_config import ImagePretrainingConfig
from training.spectrum_pretraining import SpectrumPretrainingConfig

STAGES: dict[str, tuple[Any, type[StageConfig]]] = {
    "image_pretraining": (image_pretraining, ImagePretrainingConfig),
    "spectrum_pretraining": (spectrum_pretraining, SpectrumPretrainingConfig),
    "alignment": (alignment, AlignmentConfig),
}
CASES = {
    "images": ("image_pretraining", ""),
    "spectra": ("spectrum_pretraining", ""),
    "pairs": ("alignment", 'queue_size = 8\nredshift_weight = 0.5\nredshift_column = "true_z"'),
    "frozen backbones": ("alignment", 'frozen = ["image", "spectrum"]'),
}


def test_tensors_of_two_devices_do_not_mix() -> None:
    with second_device() as is_there:
        here, there = torch.ones(3), torch.ones(3).to("cuda")
        assert (there.device, here.device) == (SECOND, torch.device("cpu"))
        assert is_there(there * 2 + torch.tensor(1.0))
        assert not is_there(there.cpu())
        assert float(there[torch.tensor([1, 2])].sum()) == 2
        with pytest.raises(RuntimeError, match="found at least two devices, cuda:0 and cpu!"):
            here + there
        with pytest.raises(RuntimeError, match="found at least two devices, cuda:0 and cpu!"):
            here[there > 0]
        with pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
            there.numpy()


@pytest.mark.filterwarnings("ignore:User provided device_type of 'cuda'")
@pytest.mark.parametrize("case", CASES)
def test_a_stage_trains_on_one_device(
    case: str,
    write_config: Callable[..., Path],
    backbones: dict[str, str],
    learning_set: Path,
    tmp_path: Path,
) -> None:
    name, lines = CASES[case]
    stage, kind = STAGES[name]
    if "frozen" in lines:
        lines += "".join(f'\n{tower} = "{path}"' for tower, path in backbones.items())
    settings = "n_steps = 2\nbatch_size = 8\nlog_steps = 1\nvalidate_steps = 2\n" + lines
    config = read_stage_config(write_config(name, settings), kind, {})
    directory = RunDirectory(tmp_path / "run", name)
    with second_device():
        written = stage.train(
            dataclasses.replace(config, precision="fp32"),
            open_dataset(learning_set),
            directory,
            Processes(device=SECOND),
        )
    assert written.is_file()
