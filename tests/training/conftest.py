"""A small dataset, tiny models, and the training stages as commands."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from galsearch.core.modality import Modality
from galsearch.dataset import split_of
from galsearch.dataset.ingest.run import ingest
from galsearch.encoders import checkpoint
from galsearch.encoders.network.cross_modal_model import initialise
from tests.dataset.conftest import FIRST_ID, Survey
from tests.training.short_runs import SHORT_ALIGNMENT
from training.alignment import AlignmentConfig
from training.data.backbones import backbone_config
from training.engine.stage_config import read_stage_config

ROOT = Path(__file__).parents[2]
N_TRAIN, N_VALIDATION = 40, 8

IMAGE = """
[model.image]
image_size = 24
width = 16
depth = 2
n_heads = 2
"""
SPECTRUM = """
[model.spectrum]
n_templates = 2
width = 16
depth = 1
n_heads = 2
"""
HEADS = """
[model.image_head]
width = 16
n_heads = 2
[model.spectrum_head]
first_token = true
width = 16
n_heads = 2
"""
PROTOTYPES = """
[model.prototypes]
n_prototypes = 32
hidden_width = 16
bottleneck_width = 8
"""
MODEL = '[model]\nname = "tiny"\npreparation = "galsearch"\nlearned_scale = true\n'
TINY = {
    "alignment": MODEL + IMAGE + SPECTRUM + HEADS,
    "image_pretraining": MODEL + IMAGE + PROTOTYPES,
    "spectrum_pretraining": MODEL + SPECTRUM,
}
"""Sizes of a model for each stage, as the end of a TOML file."""
STAGE_SETTINGS = {
    "alignment": "",
    "image_pretraining": "held_size = 32\nglobal_reach = 2\nlocal_size = 12\nn_local = 2\n"
    'local_reach = 6\nprobe_label = "true_z"\n',
    "spectrum_pretraining": 'redshift_weight = 0.5\nredshift_column = "true_z"\n',
}
"""Settings that a stage needs for such small images."""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def ids_of(split: str, n: int) -> np.ndarray:
    """The first n TARGETIDs that fall into a split."""
    ids = FIRST_ID + np.arange(200 * n)
    return ids[split_of(ids) == split][:n]


def write_survey(root: Path, ids: np.ndarray, *, cutouts: bool = True, nan_labels: int = 0) -> Path:
    """Write galaxies of different sizes as survey files, with the labels true_z and kind."""
    survey, n = Survey(root), len(ids)
    ra, dec = (10.0 + 0.02 * np.arange(n)) % 360, np.linspace(-0.3, 0.3, n)
    survey.coadd("main-bright-1", ids, ra, dec)
    size = np.random.default_rng(7).uniform(2, 12, n)
    y, x = np.mgrid[:152, :152] - 75.5
    for row in range(n if cutouts else 0):
        light = np.exp(-(x**2 + y**2) / (2 * size[row] ** 2))
        noise = survey.rng.normal(0, 0.01, (3, 152, 152))
        survey.cutout(f"cutout-{row}", ra[row], dec[row], flux=light + noise)
    label = size / 10
    label[:nan_labels] = np.nan
    survey.truth("truth-1", {"TARGETID": ids, "TRUE_Z": label, "KIND": ["disk"] * n})
    return survey.recipe("", cutouts=cutouts, labels=True)


@pytest.fixture(scope="session")
def make_dataset(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Ingests a new survey with the requested numbers of galaxies."""

    def make(n_train: int = N_TRAIN, n_validation: int = N_VALIDATION, **options: object) -> Path:
        root = tmp_path_factory.mktemp("learning")
        ids = np.concatenate([ids_of("train", n_train), ids_of("validation", n_validation)])
        recipe = write_survey(root / "survey", np.sort(ids), **options)
        ingest(recipe, root / "dataset")
        return root / "dataset"

    return make


@pytest.fixture(scope="session")
def learning_set(make_dataset: Callable[..., Path]) -> Path:
    """40 training and 8 validation galaxies, all with both modalities and a label."""
    return make_dataset()


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[..., Path]:
    """Writes a TOML file for a stage: lines given, then what tiny models need."""

    def write(stage: str, lines: str = "", *, name: str = "tiny.toml") -> Path:
        path = tmp_path / name
        path.write_text(lines + "\n" + STAGE_SETTINGS[stage] + TINY[stage])
        return path

    return write


def command(stage: str, *arguments: str | Path, processes: int = 1) -> list[str]:
    """The command line of a stage, under torchrun where there are several processes."""
    launcher = [sys.executable]
    if processes > 1:
        launcher += ["-m", "torch.distributed.run", "--standalone"]
        launcher += ["--nproc-per-node", str(processes)]
    return [*launcher, "-m", f"training.{stage}", *map(str, arguments)]


def environment() -> dict[str, str]:
    """Environment with one thread for each process, because many run at once."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def run_stage(
    stage: str, *arguments: str | Path, status: int = 0, processes: int = 1
) -> subprocess.CompletedProcess[str]:
    """Run a stage from the command line; its exit status must be `status`."""
    done = subprocess.run(
        command(stage, *arguments, processes=processes),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == status, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], dict[str, torch.Tensor]]:
    """Reads a file of the reference's tensors by its name."""
    folder = ROOT.parent / "shared" / "parity"
    if not folder.is_dir():
        pytest.skip("no reference numbers beside this checkout (../shared/parity)")
    return lambda name: load_file(folder / f"{name}.safetensors")


@pytest.fixture
def config(write_config: Callable[..., Path]) -> AlignmentConfig:
    """Config of an alignment of two steps."""
    path = write_config("alignment", SHORT_ALIGNMENT)
    return read_stage_config(path, AlignmentConfig, {})


@pytest.fixture
def backbones(config: AlignmentConfig, tmp_path: Path) -> dict[str, str]:
    """Files with a backbone of each modality, as pre-training writes them."""
    paths = {}
    assert config.model is not None
    for modality in Modality:
        path = tmp_path / f"{modality.value}.safetensors"
        checkpoint.save(path, initialise(backbone_config(config.model, modality), 5))
        paths[f"{modality.value}_tower"] = str(path)
    return paths
