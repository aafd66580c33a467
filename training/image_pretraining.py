"""Pre-training of an image backbone by self-distillation (DINOv2, AstroDINO).

    python -m training.image_pretraining training/configs/image_pretraining/small.toml \
        --dataset DATASET --out RUN

A student network learns to predict the output of a teacher, its own moving average, for other
views of the same galaxy. The directory RUN receives `encoder.safetensors` (the teacher's backbone
at the best validation, for `image_tower` of an alignment), `log.jsonl`, `curves.png` and
`state.pt`, from which an interrupted run is continued.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from galsearch.core.arrays import Float64Array, Rows
from galsearch.core.errors import ConfigError
from galsearch.core.modality import Modality
from galsearch.dataset import Dataset
from galsearch.encoders import checkpoint
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, PrototypeConfig
from galsearch.encoders.network.cross_modal_model import CrossModalModel, initialise
from galsearch.encoders.preprocess.prepare import prepare_images
from training.data.backbones import backbone_config
from training.data.catalogue_labels import read_label
from training.data.galaxies import TrainingGalaxies, choose_galaxies, prepare_galaxies
from training.data.galaxy_arrays import HalfPrecisionArray
from training.engine.batch_order import BatchOrder
from training.engine.command import run_stage
from training.engine.optimiser import clip_gradient, learning_rate, make_optimiser, set_rates
from training.engine.processes import Processes, without_gradient_sync
from training.engine.run_directory import RunDirectory
from training.engine.schedules import decay_multiplier, rate_multiplier
from training.engine.stage_config import PAPER, SMALL
from training.engine.training_run import LogValues, Stateful, TrainingRun
from training.image_pretraining_config import ImagePretrainingConfig, scheduled_values
from training.objectives.dino_views import central_pixels, draw_views
from training.objectives.drop_path import add_drop_path
from training.objectives.self_distillation import (
    DistillationNetwork,
    Teacher,
    Views,
    distillation_loss,
    forward_views,
)
from training.validation.neighbour_probe import label_r2

ARCHITECTURES = {
    SMALL: dataclasses.replace(
        backbone_config(GALSEARCH_SMALL, Modality.IMAGE),
        prototypes=PrototypeConfig(2048, 3, 512, 64),
    ),
    PAPER: published_config(Published.ASTRODINO),
}
"""Sizes of the model for each value of the config's `architecture`."""


def seeing_and_dust(
    galaxies: TrainingGalaxies, config: ImagePretrainingConfig
) -> tuple[Float64Array | None, Float64Array]:
    """(n, 3) widths (sigma, pixels) of the images' point spread functions in g, r, z, and (n,)
    E(B-V) of our Galaxy in magnitudes, 0 where unknown.

    The widths are None where the config names no columns for them.
    """
    columns = [read_label(galaxies, name, "refuse") for name in config.psf_columns]
    if len(columns) not in {0, 3}:
        raise ConfigError(f"psf_columns are one column for each of g, r, z; found {len(columns)}.")
    psf = np.stack(columns, axis=1) if columns else None
    return psf, np.nan_to_num(galaxies.column("ebv"))


class ImagePretraining:
    """The networks, data and optimiser of one pre-training run on images."""

    def __init__(
        self,
        config: ImagePretrainingConfig,
        dataset: Dataset,
        directory: RunDirectory,
        processes: Processes,
    ) -> None:
        sizes = config.model
        if sizes is None or sizes.image is None or sizes.prototypes is None:
            raise ConfigError(
                "pre-training of images needs a model with image and prototypes sections."
            )
        self.config, self.sizes = config, sizes
        self.directory, self.processes = directory, processes
        self.galaxies = choose_galaxies(dataset, (Modality.IMAGE,))
        self.labels = None
        if config.probe_label:
            self.labels = read_label(self.galaxies, config.probe_label, config.missing_labels)
        self.psf, self.dust = seeing_and_dust(self.galaxies, config)
        self.training_rows = self.galaxies.rows_of("train")
        self.order = BatchOrder(len(self.training_rows), config.batch_size, config.seed)
        self.student = DistillationNetwork(initialise(sizes, config.seed))
        self.student.to(processes.device).train()
        self.teacher = Teacher(self.student)
        add_drop_path(self.student.backbone, config.drop_path)
        depth = sizes.image.depth
        self.optimiser = make_optimiser(
            self.student,
            config,
            rate_share=lambda name: rate_multiplier(name, depth, decay=config.rate_decay),
            decay_share=lambda name, _: decay_multiplier(name),
        )
        self.run = self._restored_run(dataset.digest)
        self.raw = self._raw_pixels()
        self.parallel = processes.parallel(self.student)

    def _restored_run(self, dataset_digest: str) -> TrainingRun:
        """The run in the directory of the stage, with its saved state loaded where there is one."""
        config = self.config
        n_steps = config.n_steps or max(1, round(config.epochs * self.order.batches_per_epoch))
        parts: dict[str, Stateful] = {
            "student": self.student,
            "teacher": self.teacher,
            "optimiser": self.optimiser,
            "order": self.order,
        }
        run = TrainingRun(self.directory, config, dataset_digest, n_steps, self.processes, parts)
        run.restore()
        return run

    def _raw_pixels(self) -> HalfPrecisionArray:
        """(n, 3, size, size) central pixels of all images in nanomaggies, before augmentation."""
        size = self.config.held_size
        return prepare_galaxies(
            self.galaxies,
            Modality.IMAGE,
            lambda batch: central_pixels(batch, size),
            {"raw pixels a side": size},
            self.directory.pixels_path,
            self.config.memory_gb,
            self.processes,
        )

    def train_step(self, step: int) -> LogValues:
        """Make one optimiser step of the student and update the teacher; returns the loss, its
        terms, the learning rate and the gradient norm.
        """
        config, processes, n_steps = self.config, self.processes, self.run.n_steps
        rate = learning_rate(step, n_steps, config)
        momentum, temperature, decay = scheduled_values(step, n_steps, config)
        set_rates(self.optimiser, rate, decay)
        torch.manual_seed(processes.seed(config.seed, 2 * step))  # makes drop path repeatable
        self.optimiser.zero_grad(set_to_none=True)
        losses = self._add_gradients(processes.seed(config.seed, 2 * step + 1), temperature)
        if step < config.last_layer_share * n_steps:
            for parameter in self.student.dino_head.last_layer.parameters():
                parameter.grad = None
        norm = sum(clip_gradient(part, config.gradient_clip) for part in self.student.children())
        self.optimiser.step()
        self.teacher.follow(self.student, momentum)
        total = sum(losses.values())
        return {"loss": total, **losses, "learning_rate": rate, "gradient": norm}

    def _add_gradients(self, seed: int, temperature: float) -> dict[str, float]:
        """Add the gradients of the next batch, part by part; returns the mean loss terms by name.

        Parameters
        ----------
        seed
            Determines the random views of the batch.
        temperature
            Temperature of the teacher's softmax.
        """
        config, processes = self.config, self.processes
        rows = torch.from_numpy(self.training_rows)[self.order.next()]
        batch = processes.share(rows).chunk(config.accumulate)
        losses: dict[str, float] = {}
        for number, some in enumerate(batch):
            views = self._views(some, seed + number)
            with without_gradient_sync(self.parallel, last=number == len(batch) - 1):
                parts = distillation_step(
                    self.parallel, self.teacher, views, config, temperature, processes
                )
            for name, value in parts.items():
                losses[name] = losses.get(name, 0.0) + value / len(batch)
        return losses

    def _views(self, rows: Tensor, seed: int) -> Views:
        """Random global and local views of the images at `rows`, on the device of this process."""
        known = rows.numpy()
        psf = None if self.psf is None else self.psf[known]
        views = draw_views(self.raw.take(rows), self.config, psf, self.dust[known], seed)
        return views.to(self.processes.device)

    def validate(self, step: int) -> None:
        """Measure the R2 of a label predicted by neighbours in the embedding, and save the
        teacher's backbone if it is the best so far.
        """
        line: dict[str, float] = {"step": step + 1}
        score = float(step)
        if self.labels is not None:
            score = label_r2(
                self._embed,
                self.galaxies,
                self.labels,
                self.config.probe_galaxies,
                self.config.seed,
            )
            line = self.run.log(**{f"{self.config.probe_label}_r2": score})
        if score >= self.run.best:
            self.run.best = score
            self._save_backbone(note=json.dumps(line))

    @torch.inference_mode()
    def _embed(self, rows: Rows) -> Tensor:
        """(len(rows), D) embeddings of images without augmentation: the class tokens of the
        teacher.
        """
        found = []
        for start in range(0, len(rows), 64):
            some = self.raw.take(rows[start : start + 64])
            inputs = prepare_images(some.numpy(), None, self.sizes).to(self.processes.device)
            found.append(self.teacher.network.backbone(inputs)[:, 0].cpu())
        return torch.cat(found)

    def _save_backbone(self, *, note: str) -> None:
        """Save the teacher's backbone as an encoder whose embedding is its class token."""
        with torch.device("meta"):
            model = CrossModalModel(backbone_config(self.sizes, Modality.IMAGE))
        model.image_encoder.backbone = self.teacher.network.backbone
        checkpoint.save(self.directory.encoder_path, model, note=note)


def distillation_step(
    student: torch.nn.Module,
    teacher: Teacher,
    views: Views,
    config: ImagePretrainingConfig,
    temperature: float,
    processes: Processes,
) -> dict[str, float]:
    """Add the gradients of one part of a batch to the student's; returns the loss terms of this
    part by name, averaged over processes.
    """
    low = config.precision == "bf16"
    with torch.no_grad():
        of_teacher = forward_views(teacher.network, views, student=False, low_precision=low)
    of_student = forward_views(student, views, student=True, low_precision=low)
    parts = distillation_loss(
        of_student,
        of_teacher,
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
    teacher.move_centres(of_teacher, processes)
    return {name: float(processes.mean(value)) for name, value in parts.items()}


def train(
    config: ImagePretrainingConfig,
    dataset: Dataset,
    directory: RunDirectory,
    processes: Processes,
) -> Path:
    """Train an image backbone by self-distillation; returns the file of the one with the best
    validation score.
    """
    stage = ImagePretraining(config, dataset, directory, processes)
    n_training = len(stage.training_rows)
    stage.run.print_line(
        f"{n_training} training images, {len(stage.galaxies) - n_training} for validation"
    )
    stage.run.train(stage.train_step, stage.validate, stage.order.batches_per_epoch)
    return directory.encoder_path


if __name__ == "__main__":
    run_stage(
        "image_pretraining",
        ImagePretrainingConfig,
        ARCHITECTURES,
        train,
        __doc__.splitlines()[0],
    )
