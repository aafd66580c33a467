"""Every config of the project can be read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from galsearch.encoders.astroclip.published import Published, published_config
from tests.training.conftest import ROOT, run_stage
from training import alignment, image_pretraining, spectrum_pretraining
from training.alignment import AlignmentConfig
from training.engine.stage_config import StageConfig, read_stage_config
from training.image_pretraining_config import ImagePretrainingConfig

STAGES = {
    "alignment": (AlignmentConfig, alignment),
    "image_pretraining": (ImagePretrainingConfig, image_pretraining),
    "spectrum_pretraining": (spectrum_pretraining.SpectrumPretrainingConfig, spectrum_pretraining),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ["small", "astroclip"])
def test_every_config_of_the_project_is_read(stage: str, name: str) -> None:
    kind, module = STAGES[stage]
    path = ROOT / "training" / "configs" / stage / f"{name}.toml"
    config: StageConfig = read_stage_config(path, kind, module.ARCHITECTURES)
    assert config.model == module.ARCHITECTURES[config.architecture]


ABLATIONS = sorted((ROOT / "training" / "configs" / "ablations").glob("*.toml"))


@pytest.mark.parametrize("path", ABLATIONS, ids=lambda path: path.stem)
def test_every_ablation_is_read(path: Path) -> None:
    stage = "alignment"
    if path.stem.startswith("tower_"):
        stage = f"{path.stem.removeprefix('tower_')}_pretraining"
    kind, module = STAGES[stage]
    assert read_stage_config(path, kind, module.ARCHITECTURES).model is not None


def test_the_papers_sizes_are_the_published_checkpoints() -> None:
    for stage, published in (
        ("alignment", Published.ASTROCLIP),
        ("image_pretraining", Published.ASTRODINO),
        ("spectrum_pretraining", Published.SPECFORMER),
    ):
        assert STAGES[stage][1].ARCHITECTURES["astroclip"] == published_config(published)


def test_a_mistyped_key_is_named(
    write_config: Callable[..., Path], learning_set: Path, tmp_path: Path
) -> None:
    path = write_config("spectrum_pretraining", "hidden_shares = 0.3\n")
    done = run_stage(
        "spectrum_pretraining", path, "--dataset", learning_set, "--out", tmp_path / "run",
        status=1,
    )  # fmt: skip
    assert done.stderr == (
        f"error: {path}: unknown key 'hidden_shares': did you mean 'hidden_share'?\n"
    )
