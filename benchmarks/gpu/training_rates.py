"""Galaxies a second of each training stage, on random pixels."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.random_dataset import write_random_dataset
from galsearch.dataset import open_dataset
from training import alignment, image_pretraining, spectrum_pretraining
from training.alignment import Alignment, AlignmentConfig
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import read_stage_config
from training.image_pretraining import ImagePretraining
from training.image_pretraining_config import ImagePretrainingConfig
from training.spectrum_pretraining import SpectrumPretraining, SpectrumPretrainingConfig

CONFIGS = Path(__file__).parents[2] / "training" / "configs"
STAGES: dict[str, tuple[Any, Any, Any, dict[str, Any]]] = {
    "image_pretraining": (
        ImagePretraining,
        ImagePretrainingConfig,
        image_pretraining.ARCHITECTURES,
        {"probe_label": "", "psf_columns": ()},
    ),
    "spectrum_pretraining": (
        SpectrumPretraining,
        SpectrumPretrainingConfig,
        spectrum_pretraining.ARCHITECTURES,
        {"probe_label": "", "redshift_weight": 0.0},
    ),
    "alignment": (
        Alignment,
        AlignmentConfig,
        alignment.ARCHITECTURES,
        {
            "redshift_weight": 0.0,
            "image_tower": "",
            "spectrum_tower": "",
            "frozen": (),
            "precision": "bf16",
        },
    ),
}


def measure_training(
    folder: Path, device: str, *, n: int, n_steps: int, batch_size: int, tiny: bool
) -> dict[str, Any]:
    """Galaxies a second of each stage, of which the first two steps are left out.

    Parameters
    ----------
    n
        Number of galaxies of the dataset.
    tiny
        Train models of the size of the shipped weights, in fp32, in place of the paper's.
    """
    dataset = open_dataset(write_random_dataset(folder / "dataset", n))
    where = torch.device(device)
    found: dict[str, Any] = {}
    for name, (stage_class, kind, architectures, changes) in STAGES.items():
        path = CONFIGS / name / ("small.toml" if tiny else "astroclip.toml")
        config = read_stage_config(path, kind, architectures)
        changes = {**changes, "batch_size": batch_size, "n_steps": n_steps, "accumulate": 1}
        if tiny:
            changes["precision"] = "fp32"
        config = dataclasses.replace(config, **changes)
        stage = stage_class(
            config, dataset, RunDirectory(folder / name, name), Processes(device=where)
        )
        seconds = []
        for step in range(n_steps):
            start = time.perf_counter()
            values = stage.train_step(step)
            loss = float(values["loss"])  # This waits for the device.
            seconds.append(time.perf_counter() - start)
        measured = seconds[2:] or seconds
        found[name] = {
            "galaxies_per_second": batch_size * len(measured) / sum(measured),
            "seconds_per_step": sum(measured) / len(measured),
            "loss": loss,
        }
        del stage
    return found
