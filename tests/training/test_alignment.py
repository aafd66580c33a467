"""Alignment as people run it: towers from earlier stages, frozen features, and what is refused."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from galsearch.core.errors import CheckpointError, ConfigError, DatasetError
from galsearch.core.fingerprint import short_digest
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.encoders import checkpoint
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.network.cross_modal_model import CrossModalModel, initialise
from tests.training.conftest import ROOT, run_stage
from training import alignment, image_pretraining, spectrum_pretraining
from training.alignment import AlignmentConfig
from training.data.backbones import backbone_config, encoder_of, load_backbone, prepare_pixels
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import StageConfig, read_stage_config
from training.engine.training_run import DivergedError
from training.objectives.pair_encoders import PairEncoders

STAGES = {
    "alignment": (AlignmentConfig, alignment),
    "image_pretraining": (image_pretraining.ImagePretrainingConfig, image_pretraining),
    "spectrum_pretraining": (spectrum_pretraining.SpectrumPretrainingConfig, spectrum_pretraining),
}
SHORT = "n_steps = 2\nbatch_size = 8\nlog_steps = 1\n"
LONGER = "n_steps = 30\nbatch_size = 20\nlog_steps = 1\nvalidate_steps = 30\n"


def train(config: AlignmentConfig, dataset: Path, out: Path) -> Path:
    """The stage in this process."""
    directory = RunDirectory(out, "alignment")
    return alignment.train(config, open_dataset(dataset), directory, Processes())


@pytest.fixture
def config(write_config: Callable[..., Path]) -> AlignmentConfig:
    return read_stage_config(write_config("alignment", SHORT), AlignmentConfig, {})


@pytest.fixture
def towers(config: AlignmentConfig, tmp_path: Path) -> dict[str, str]:
    """A file for each tower, as pre-training leaves them."""
    paths = {}
    assert config.model is not None
    for modality in Modality:
        path = tmp_path / f"{modality.value}.safetensors"
        checkpoint.save(path, initialise(backbone_config(config.model, modality), 5))
        paths[f"{modality.value}_tower"] = str(path)
    return paths


def read_log(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def without_clock(run: Path) -> list[dict[str, float]]:
    return [{k: v for k, v in line.items() if k != "seconds"} for line in read_log(run)]


# --- configs ---------------------------------------------------------------------------------


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


# --- what a run makes ------------------------------------------------------------------------


def test_a_run_from_scratch_learns_and_its_encoder_embeds(
    learning_set: Path, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_config("alignment", LONGER)
    config = read_stage_config(path, AlignmentConfig, {})
    encoder = train(config, learning_set, tmp_path / "run")
    lines = read_log(tmp_path / "run")
    losses = [line["loss"] for line in lines if "loss" in line]
    assert len(losses) == 30
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert lines[-1]["pool"] == 8
    model = checkpoint.read(encoder)
    assert model.config == config.model
    assert (tmp_path / "run" / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["n_steps"] == 30


def test_the_scale_is_learned(config: AlignmentConfig, learning_set: Path, tmp_path: Path) -> None:
    encoder = train(config, learning_set, tmp_path / "run")
    scales = [line["scale"] for line in read_log(tmp_path / "run") if "scale" in line]
    assert scales[0] == pytest.approx(15.5)
    assert scales[1] != scales[0]
    assert float(checkpoint.read(encoder).log_scale) != pytest.approx(np.log(15.5), abs=1e-7)


def test_accumulated_parts_give_the_same_run(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    assert config.model is not None
    heads = {
        name: dataclasses.replace(getattr(config.model, name), dropout=0.0)
        for name in ("image_head", "spectrum_head")
    }
    still = dataclasses.replace(config, model=dataclasses.replace(config.model, **heads))
    for accumulate in (1, 4):
        some = dataclasses.replace(still, accumulate=accumulate)
        train(some, learning_set, tmp_path / str(accumulate))
    whole, parts = (read_log(tmp_path / str(n))[:2] for n in (1, 4))
    for one, other in zip(whole, parts, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-4)
        assert one["gradient"] == pytest.approx(other["gradient"], rel=1e-4)


def test_low_precision_stays_near(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    low = dataclasses.replace(config, precision="bf16")
    train(config, learning_set, tmp_path / "fp32")
    train(low, learning_set, tmp_path / "bf16")
    pairs = zip(read_log(tmp_path / "fp32")[:2], read_log(tmp_path / "bf16")[:2], strict=True)
    for full, half in pairs:
        assert half["loss"] == pytest.approx(full["loss"], rel=0.02)
        assert half["loss"] != full["loss"]


# --- towers ----------------------------------------------------------------------------------


def test_frozen_towers_stay_and_are_gone_through_once(
    config: AlignmentConfig, towers: dict[str, str], learning_set: Path, tmp_path: Path
) -> None:
    features = tmp_path / "features"
    frozen = dataclasses.replace(
        config, **towers, frozen=("image", "spectrum"), features=str(features)
    )
    encoder = train(frozen, learning_set, tmp_path / "first")
    model = checkpoint.read(encoder)
    for modality in Modality:
        given = encoder_of(checkpoint.read(towers[f"{modality.value}_tower"]), modality)
        for name, weight in encoder_of(model, modality).backbone.state_dict().items():
            assert torch.equal(weight, given.backbone.state_dict()[name])
    kept = {path.name: path.stat().st_mtime_ns for path in features.iterdir()}
    assert sorted(kept) == [
        "image-tokens.json", "image-tokens.npy", "spectrum-tokens.json", "spectrum-tokens.npy",
    ]  # fmt: skip
    train(frozen, learning_set, tmp_path / "second")
    assert {path.name: path.stat().st_mtime_ns for path in features.iterdir()} == kept
    assert without_clock(tmp_path / "first") == without_clock(tmp_path / "second")


def test_frozen_tokens_are_those_of_the_tower(
    config: AlignmentConfig, towers: dict[str, str], learning_set: Path, tmp_path: Path
) -> None:
    frozen = dataclasses.replace(config, **towers, frozen=("image",), features=str(tmp_path / "f"))
    train(frozen, learning_set, tmp_path / "run")
    dataset = open_dataset(learning_set)
    kept = np.load(tmp_path / "f" / "image-tokens.npy")
    assert len(kept) == len(dataset) == 48
    batch = dataset.read(dataset.target_ids[[3, 30]])
    tower = encoder_of(checkpoint.read(towers["image_tower"]), Modality.IMAGE).backbone
    tokens = tower(prepare_pixels(batch, Modality.IMAGE, config.model))
    found = torch.from_numpy(kept[[3, 30]]).float()
    torch.testing.assert_close(found, tokens, rtol=2e-3, atol=2e-3)


def test_features_of_another_tower_are_refused(
    config: AlignmentConfig, towers: dict[str, str], learning_set: Path, tmp_path: Path
) -> None:
    features = tmp_path / "features"
    frozen = dataclasses.replace(config, **towers, frozen=("image",), features=str(features))
    train(frozen, learning_set, tmp_path / "first")
    before = json.loads((features / "image-tokens.json").read_text())["tower"]
    assert config.model is not None
    other = tmp_path / "other.safetensors"
    after = checkpoint.save(other, initialise(backbone_config(config.model, Modality.IMAGE), 6))
    changed = dataclasses.replace(frozen, image_tower=str(other))
    with pytest.raises(CheckpointError) as caught:
        train(changed, learning_set, tmp_path / "second")
    assert str(caught.value) == (
        f"{features / 'image-tokens.npy'} was made from something else: tower is "
        f"{short_digest(before)}..., not {short_digest(after)}.... Name another directory, or "
        "delete it."
    )
    assert not (tmp_path / "second" / "state.pt").exists()


def test_features_of_another_dataset_are_refused(
    config: AlignmentConfig,
    towers: dict[str, str],
    learning_set: Path,
    make_dataset: Callable[..., Path],
    tmp_path: Path,
) -> None:
    features = tmp_path / "features"
    frozen = dataclasses.replace(config, **towers, frozen=("image",), features=str(features))
    train(frozen, learning_set, tmp_path / "first")
    with pytest.raises(CheckpointError, match="was made from something else: galaxies is "):
        train(frozen, make_dataset(12, 2), tmp_path / "second")


def test_a_tower_of_another_config_is_refused(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    assert config.model is not None
    assert config.model.image is not None
    wider = dataclasses.replace(config.model.image, width=32, depth=3)
    path = tmp_path / "wider.safetensors"
    other = dataclasses.replace(backbone_config(config.model, Modality.IMAGE), image=wider)
    checkpoint.save(path, initialise(other, 5))
    with pytest.raises(CheckpointError) as caught:
        train(dataclasses.replace(config, image_tower=str(path)), learning_set, tmp_path / "run")
    assert str(caught.value) == (
        f"{path}: its backbone has another config than the model's: image.width is 32, not 16; "
        "image.depth is 3, not 2. Take a checkpoint of this architecture, or change the config."
    )
    assert not (tmp_path / "run" / "state.pt").exists()


def test_a_tower_of_the_other_modality_is_refused(
    config: AlignmentConfig, towers: dict[str, str]
) -> None:
    assert config.model is not None
    with pytest.raises(CheckpointError) as caught:
        load_backbone(initialise(config.model, 1), Modality.SPECTRUM, towers["image_tower"])
    assert str(caught.value) == (f"{towers['image_tower']}: has no spectrum encoder to start from.")


def test_a_backbone_drawn_at_random_is_not_frozen() -> None:
    with pytest.raises(ConfigError) as caught:
        AlignmentConfig(frozen=("image",))
    assert str(caught.value) == (
        "frozen names the image backbone, and image_tower is empty: it would keep its "
        "random initial weights. Name a file of weights."
    )


def test_the_papers_alignment_takes_the_towers_of_its_pretraining() -> None:
    """AstroCLIP aligns AstroDINO's patch tokens without class token."""
    both, image = published_config(Published.ASTROCLIP), published_config(Published.ASTRODINO)
    assert both.image is not None
    assert dataclasses.replace(both.image, class_token=True) == image.image
    with torch.device("meta"):
        towers = PairEncoders(CrossModalModel(both), ("image", "spectrum"))
    trainable = sum(p.numel() for p in towers.parameters() if p.requires_grad)
    assert trainable == 12_595_200 + 12_070_912


# --- what is refused before any epoch --------------------------------------------------------


def test_a_dataset_with_one_modality_is_refused(
    config: AlignmentConfig, make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    dataset = make_dataset(6, 2, cutouts=False)
    with pytest.raises(DatasetError) as caught:
        train(config, dataset, tmp_path / "run")
    assert str(caught.value) == (
        "dataset 'tiny' has 0 training and 0 validation galaxies with image and spectrum, at "
        "least 2 of each are needed. Of its 8 galaxies 0 have an image, 8 a spectrum, and 0 "
        "both: ingest more."
    )
    assert not (tmp_path / "run").exists()


def test_spectra_are_asked_for_a_column_of_numbers_or_not_at_all(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    for column, found in (("true_zz", "no such column"), ("kind", "text")):
        asking = dataclasses.replace(config, redshift_weight=0.5, redshift_column=column)
        with pytest.raises(DatasetError) as caught:
            train(asking, learning_set, tmp_path / "run")
        assert str(caught.value).startswith(
            f"label {column!r}: dataset 'tiny' has {found} of that name where a column of numbers "
            "is needed; "
        )
    assert not (tmp_path / "run").exists()


def test_a_run_that_asks_for_redshifts_learns_them(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    asking = dataclasses.replace(config, redshift_weight=1.0, redshift_column="true_z", n_steps=40)
    train(asking, learning_set, tmp_path / "run")
    losses = [line["loss"] for line in read_log(tmp_path / "run") if "loss" in line]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.5


def test_a_batch_larger_than_the_dataset_is_refused(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        train(dataclasses.replace(config, batch_size=41), learning_set, tmp_path / "run")
    assert str(caught.value) == (
        "batch_size = 41 is more than the 40 galaxies of the training split: set it to 40 at "
        "most, or ingest more galaxies."
    )


def test_a_run_of_another_config_is_refused(
    learning_set: Path, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    first = write_config("alignment", SHORT)
    second = write_config("alignment", SHORT + "learning_rate = 0.5\n", name="second.toml")
    out = tmp_path / "run"
    run_stage("alignment", first, "--dataset", learning_set, "--out", out)
    done = run_stage("alignment", second, "--dataset", learning_set, "--out", out, status=1)
    assert done.stderr == (
        f"error: {out} was begun with another config than {second}: learning_rate is 0.001, not "
        "0.5. Leave the config out to continue with the run's own, or name another --out.\n"
    )


def test_a_run_of_another_dataset_is_refused(
    config: AlignmentConfig, learning_set: Path, make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    train(config, learning_set, tmp_path / "run")
    other = make_dataset(12, 2)
    with pytest.raises(CheckpointError) as caught:
        train(config, other, tmp_path / "run")
    digests = (short_digest(open_dataset(path).digest) for path in (learning_set, other))
    assert str(caught.value) == (
        f"{tmp_path / 'run'} was begun with another dataset (digest {next(digests)}, found "
        f"{next(digests)}): name that dataset, or another --out."
    )


def test_a_run_of_another_stage_is_refused(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    train(config, learning_set, tmp_path / "run")
    with pytest.raises(CheckpointError) as caught:
        RunDirectory(tmp_path / "run", "image_pretraining").read_state()
    assert str(caught.value) == (
        f"{tmp_path / 'run'} is a run of alignment, not of image_pretraining: name another --out."
    )


def test_a_directory_without_a_run_needs_a_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        RunDirectory(tmp_path / "run", "alignment").choose_config(AlignmentConfig, None)
    assert str(caught.value) == (
        f"{tmp_path / 'run'} holds no run to continue: name a config, such as "
        "training/configs/alignment/small.toml."
    )


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path, "alignment")
    directory.state_path.write_bytes(b"no state")
    with pytest.raises(CheckpointError, match=r"cannot be read .*; delete it to start"):
        directory.read_state()
    torch.save({"weights": 1}, directory.state_path)
    with pytest.raises(CheckpointError) as caught:
        directory.read_state()
    assert str(caught.value) == (
        f"{directory.state_path}: not the state of a run of this version of galsearch; name "
        "another --out, or delete it to start anew."
    )


def test_a_loss_that_is_no_number_ends_the_run(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    wild = dataclasses.replace(
        config, learning_rate=1e30, gradient_clip=1e30, n_steps=20, weight_decay=0.0
    )
    with pytest.raises(DivergedError) as caught:
        train(wild, learning_set, tmp_path / "run")
    assert "lower learning_rate (now 1e+30) or gradient_clip (now 1e+30)" in str(caught.value)
