"""Self-distillation of images (DINOv2, AstroDINO), read from top to bottom.

    python -m training.image_pretraining training/configs/image_pretraining/small.toml \
        --dataset DATASET --out RUN

RUN receives `encoder.safetensors` (the teacher's backbone at the best validation, for
`image_tower` of an alignment), `log.jsonl`, `curves.png` and `state.pt`, which continues a run
that was stopped.
"""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.errors import ConfigError
from galsearch.core.modality import Modality
from galsearch.dataset import Dataset
from galsearch.encoders import checkpoint
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, ModelConfig, PrototypeConfig
from galsearch.encoders.network.cross_modal_model import CrossModalModel, initialise
from galsearch.encoders.preprocess.prepare import prepare_images
from training.data.backbones import alone
from training.data.galaxies import Galaxies, choose_galaxies, prepared
from training.data.rows import Rows
from training.engine.batch_order import DataOrder
from training.engine.command import run_stage
from training.engine.optimiser import clip_gradient, learning_rate, make_optimiser, set_rates
from training.engine.processes import Processes, silent
from training.engine.run_directory import RunDirectory
from training.engine.schedules import decay_multiplier, rate_multiplier, warm_up_cosine
from training.engine.stage_config import PAPER, SMALL
from training.engine.training_curves import draw_if_possible
from training.engine.training_run import Run
from training.objectives.dino_views import ViewConfig, draw_views, raw_centre
from training.objectives.drop_path import add_drop_path
from training.objectives.linear_probe import neighbours_r2, probe_rows, read_label
from training.objectives.self_distillation import (
    DistillationNetwork,
    Teacher,
    Views,
    distillation_loss,
    see,
)

ARCHITECTURES = {
    SMALL: dataclasses.replace(
        alone(GALSEARCH_SMALL, Modality.IMAGE), prototypes=PrototypeConfig(2048, 3, 512, 64)
    ),
    PAPER: published_config(Published.ASTRODINO),
}


@dataclass(frozen=True)
class ImagePretrainingConfig(ViewConfig):
    """What a pre-training of images is made of; a TOML file holds differences from these."""

    psf_columns: tuple[str, ...] = ()
    """Label columns with the width (sigma, pixels) of each galaxy's image in g, r, z; without
    them an image counts as taken in the survey's median seeing."""
    student_temperature: float = 0.1
    teacher_temperature: float = 0.07
    first_teacher_temperature: float = 0.04
    teacher_warm_up_share: float = 0.15
    """Of the steps, until the teacher's temperature is at its end."""
    teacher_momentum: float = 0.992
    """Rises to 1 along a cosine."""
    ibot_weight: float = 1.0
    koleo_weight: float = 0.1
    final_weight_decay: float = 0.05
    """Rises from `weight_decay` along a cosine."""
    last_layer_share: float = 0.005
    """Of the steps, during which the prototypes stay as they were drawn."""
    rate_decay: float = 0.9
    """Factor of the learning rate from a block to the one before it."""
    drop_path: float = 0.0
    """Chance that the student leaves out a residual branch."""
    probe_label: str = "z"
    """Column that chooses the best encoder by its nearest neighbours; empty: the last is best."""
    missing_labels: Literal["refuse", "skip"] = "refuse"
    """What to do where a galaxy lacks that label."""
    probe_galaxies: int = 4000
    """Training galaxies among which neighbours are looked for; a quarter as many ask."""

    def __post_init__(self) -> None:
        super().__post_init__()
        section = self.model.image if self.model else None
        if section is not None and not section.class_token:
            raise ConfigError("self-distillation needs class_token = true: it is what is compared.")


# --- what is known of each galaxy --------------------------------------------------------------


def known_skies(
    galaxies: Galaxies, config: ImagePretrainingConfig
) -> tuple[npt.NDArray[np.float64] | None, npt.NDArray[np.float64]]:
    """(n, 3) widths of the images' point spread where columns are named, and (n,) E(B-V)."""
    columns = [read_label(galaxies, name, "refuse") for name in config.psf_columns]
    if len(columns) not in {0, 3}:
        raise ConfigError(f"psf_columns are one column for each of g, r, z; found {len(columns)}.")
    psf = np.stack(columns, axis=1) if columns else None
    return psf, np.nan_to_num(galaxies.column("ebv"))


# --- measurement -----------------------------------------------------------------------------


@torch.inference_mode()
def embed(
    teacher: Teacher,
    raw: Rows,
    rows: npt.NDArray[np.int64],
    model: ModelConfig,
    device: torch.device,
) -> Tensor:
    """(len(rows), D) class tokens of the teacher, of images as they are."""
    found = []
    for start in range(0, len(rows), 64):
        some = raw.take(rows[start : start + 64])
        inputs = prepare_images(some.numpy(), None, model).to(device)
        found.append(teacher.network.backbone(inputs)[:, 0].cpu())
    return torch.cat(found)


# --- the run ---------------------------------------------------------------------------------


def train(
    config: ImagePretrainingConfig, dataset: Dataset, place: RunDirectory, processes: Processes
) -> Path:
    """Train and return the path of the best encoder."""
    sizes = config.model
    if sizes is None or sizes.image is None or sizes.prototypes is None:
        raise ConfigError(
            "pre-training of images needs a model with image and prototypes sections."
        )
    galaxies = choose_galaxies(dataset, (Modality.IMAGE,))
    labels = (
        read_label(galaxies, config.probe_label, config.missing_labels)
        if config.probe_label
        else None
    )
    psf, dust = known_skies(galaxies, config)
    learning = galaxies.rows_of("train")
    order = DataOrder(len(learning), config.batch_size, config.seed)
    n_steps = config.n_steps or max(1, round(config.epochs * order.batches_per_epoch))

    model, depth = initialise(sizes, config.seed), sizes.image.depth
    student = DistillationNetwork(model).to(processes.device).train()
    teacher = Teacher(student)
    add_drop_path(student.backbone, config.drop_path)
    optimiser = make_optimiser(
        student,
        config,
        rate_share=lambda name: rate_multiplier(name, depth, decay=config.rate_decay),
        decay_share=lambda name, _: decay_multiplier(name),
    )
    run = Run(
        place,
        config,
        dataset.digest,
        n_steps,
        processes,
        {"student": student, "teacher": teacher, "optimiser": optimiser, "order": order},
    )
    run.restore()
    raw = prepared(
        galaxies,
        Modality.IMAGE,
        lambda batch: raw_centre(batch, config.held_size),
        {"raw pixels a side": config.held_size},
        place.pixels_path,
        config.memory_gb,
        processes,
    )
    parallel = processes.parallel(student)
    run.say(f"{len(learning)} training images, {len(galaxies) - len(learning)} for validation")

    for step in run.steps():
        rate = learning_rate(step, n_steps, config)
        momentum, temperature, decay = schedules(step, n_steps, config)
        set_rates(optimiser, rate, decay)
        torch.manual_seed(processes.seed(config.seed, 2 * step))  # what drop path draws from
        seed = processes.seed(config.seed, 2 * step + 1)

        rows = processes.share(torch.from_numpy(learning)[order.next()]).chunk(config.accumulate)
        optimiser.zero_grad(set_to_none=True)
        losses: dict[str, float] = {}
        for number, some in enumerate(rows):
            views = draw_views(
                raw.take(some),
                config,
                None if psf is None else psf[some.numpy()],
                dust[some.numpy()],
                seed + number,
            ).to(processes.device)
            with silent(parallel, last=number == len(rows) - 1):
                parts = distillation_step(parallel, teacher, views, config, temperature, processes)
            for name, value in parts.items():
                losses[name] = losses.get(name, 0.0) + value / len(rows)
        if step < config.last_layer_share * n_steps:
            for parameter in student.dino_head.last_layer.parameters():
                parameter.grad = None
        length = sum(clip_gradient(part, config.gradient_clip) for part in student.children())
        optimiser.step()
        teacher.follow(student, momentum)

        if run.is_last(config.log_steps):
            run.log(loss=sum(losses.values()), **losses, learning_rate=rate, gradient=length)
        if run.is_last(config.validate_steps or order.batches_per_epoch) and processes.is_first:
            line: dict[str, float] = {"step": step + 1}
            score = float(step)
            if labels is not None:
                score = measure(teacher, raw, galaxies, labels, config, processes.device)
                line = run.log(**{f"{config.probe_label}_r2": score})
            if score >= run.best:
                run.best = score
                save_tower(place.encoder_path, teacher, sizes, note=json.dumps(line))
            draw_if_possible(place)
    return place.encoder_path


def schedules(
    step: int, n_steps: int, config: ImagePretrainingConfig
) -> tuple[float, float, float]:
    """The teacher's momentum and temperature, and the weight decay."""
    momentum = warm_up_cosine(step, peak=config.teacher_momentum, final=1.0, n_steps=n_steps)
    temperature = warm_up_cosine(
        step,
        peak=config.teacher_temperature,
        final=config.teacher_temperature,
        n_steps=n_steps,
        n_warm_up=round(config.teacher_warm_up_share * n_steps),
        start=config.first_teacher_temperature,
        peak_ends_warm_up=True,
    )
    decay = warm_up_cosine(
        step, peak=config.weight_decay, final=config.final_weight_decay, n_steps=n_steps
    )
    return momentum, temperature, decay


def distillation_step(
    student: torch.nn.Module,
    teacher: Teacher,
    views: Views,
    config: ImagePretrainingConfig,
    temperature: float,
    processes: Processes,
) -> dict[str, float]:
    """Add the gradients of one part of a batch; the parts of its loss, of all processes."""
    low = config.precision == "bf16"
    with torch.no_grad():
        theirs = see(teacher.network, views, student=False, low_precision=low)
    ours = see(student, views, student=True, low_precision=low)
    parts = distillation_loss(
        ours,
        theirs,
        teacher,
        views.masks,
        processes,
        teacher_temperature=temperature,
        student_temperature=config.student_temperature,
        ibot_weight=config.ibot_weight,
        koleo_weight=config.koleo_weight,
    )
    total = torch.stack(list(parts.values())).sum() / config.accumulate
    total.backward()  # type: ignore[no-untyped-call]
    teacher.move_centres(theirs, processes)
    return {name: float(processes.mean(value)) for name, value in parts.items()}


def measure(
    teacher: Teacher,
    raw: Rows,
    galaxies: Galaxies,
    labels: npt.NDArray[np.float64],
    config: ImagePretrainingConfig,
    device: torch.device,
) -> float:
    """R2 of the label among validation galaxies, by their neighbours among training galaxies."""
    assert config.model is not None  # noqa: S101 (resolved)
    limit = config.probe_galaxies
    known = probe_rows(galaxies, labels, "train", limit, config.seed)
    asked = probe_rows(galaxies, labels, "validation", max(2, limit // 4), config.seed)
    vectors = [embed(teacher, raw, rows, config.model, device) for rows in (known, asked)]
    return neighbours_r2(vectors[0], labels[known], vectors[1], labels[asked])


def save_tower(path: Path, teacher: Teacher, sizes: ModelConfig, *, note: str) -> None:
    """The teacher's backbone as an encoder that embeds by its class token."""
    with torch.device("meta"):
        tower = CrossModalModel(alone(sizes, Modality.IMAGE))
    tower.image_encoder.backbone = teacher.network.backbone
    checkpoint.save(path, tower, note=note)


if __name__ == "__main__":
    run_stage(
        "image_pretraining",
        ImagePretrainingConfig,
        ARCHITECTURES,
        train,
        __doc__.splitlines()[0],
    )
