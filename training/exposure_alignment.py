"""Contrastive alignment on two exposures of each simulated galaxy, for encoders that hold.

    python -m training.exposure_alignment CONFIG --dataset EXPOSURES --out RUN

CONFIG is a file of training/configs/exposure_alignment, and EXPOSURES a directory that
`python -m training.exposures` wrote. The directory RUN is that of an alignment
(`training.alignment`), and a run that was interrupted continues as one.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from galsearch.core.errors import ConfigError, DatasetError
from galsearch.core.fingerprint import short_digest
from galsearch.encoders import checkpoint
from galsearch.encoders.network.cross_modal_model import CrossModalModel, initialise
from training.alignment import ARCHITECTURES
from training.augment.spectrum_augmentation import SpectrumAugmentation
from training.data.warm_start import load_weights
from training.engine.batch_order import BatchOrder
from training.engine.command import run_stage
from training.engine.optimiser import make_optimiser
from training.engine.processes import Processes
from training.engine.redshift_batches import RedshiftGroups
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import StageConfig
from training.engine.training_run import LogValues, Stateful, TrainingRun
from training.engine.weight_average import average_of
from training.exposures.exposure_augmentation import ExposureAugmentation
from training.exposures.exposure_inputs import changed_pairs, embed_exposures
from training.exposures.exposure_loss import ExposureLoss
from training.exposures.exposure_set import ExposureSet, open_exposure_set
from training.objectives.contrastive_step import AlignmentStep
from training.objectives.pair_encoders import PairEncoders
from training.validation.exposure_recall import exposure_recall


@dataclass(frozen=True)
class ExposureAlignmentConfig(StageConfig):
    """Settings of the alignment on exposures; a TOML file holds the differences from these.

    `batch_size` counts galaxies; each has two images and two spectra in the batch.
    """

    start_from: str = ""
    """Path of an encoder file of the same sizes from which the training starts; it may lack mask
    channels. Empty: random weights."""
    within_weight: float = 0.5
    """Weight of the contrast between two exposures within a modality, relative to 1 for the
    contrast across modalities."""
    redshift_weight: float = 0.5
    """Weight of the redshift-classification loss on spectra; 0: no labels are used."""
    equal_redshift_share: float = 0.25
    """Share of each batch that are galaxies of nearly equal redshift."""
    average_decay: float = 0.999
    """Weight of the earlier average in the moving average of the weights, which is what is
    validated and saved; 0: the weights of the last step."""
    image_change: ExposureAugmentation = ExposureAugmentation()  # noqa: RUF009 (it is frozen)
    """Random changes of a stored image."""
    spectrum_change: SpectrumAugmentation = SpectrumAugmentation(  # noqa: RUF009 (it is frozen)
        most_lost=0.3, noisier_share=0.2, flux_scale=0.4, lost_arm_share=0.1
    )
    """Random changes of a stored spectrum."""
    validation_pool: int = 1000
    """Number of validation galaxies among which recall is measured."""
    validation_galaxies: int = 2000
    """Largest number of validation galaxies that are embedded each time."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.equal_redshift_share < 1 or not 0 <= self.average_decay < 1:
            raise ConfigError(
                "equal_redshift_share and average_decay are numbers from 0 up to, but not "
                f"including, 1; found {self.equal_redshift_share} and {self.average_decay}."
            )


class ExposureAlignment:
    """The networks, data and optimiser of one alignment on exposures."""

    def __init__(
        self,
        config: ExposureAlignmentConfig,
        exposures: ExposureSet,
        directory: RunDirectory,
        processes: Processes,
    ) -> None:
        sizes = config.model
        if sizes is None or sizes.image is None or sizes.spectrum is None:
            raise ConfigError("alignment needs a model with an image and a spectrum section.")
        self.config, self.directory, self.processes = config, directory, processes
        self.sizes = sizes
        self.exposures = exposures
        self.rows = {split: exposures.rows_of(split) for split in ("train", "validation")}
        counts = {split: len(rows) for split, rows in self.rows.items()}
        if min(counts.values()) < 2:
            raise DatasetError(
                f"{exposures.path}: {counts['train']} training and {counts['validation']} "
                "validation galaxies; at least 2 of each are needed: simulate more."
            )
        z = exposures.column("z").astype(np.float64)
        self.groups = RedshiftGroups(z[self.rows["train"]])
        self.order = BatchOrder(counts["train"], config.batch_size, config.seed)
        n_steps = config.n_steps or max(1, round(config.epochs * self.order.batches_per_epoch))

        self.model = initialise(sizes, config.seed)
        torch.manual_seed(config.seed)  # determines the redshift head's weights
        self.loss = ExposureLoss(
            self.model, torch.from_numpy(z).float(), config.within_weight, config.redshift_weight
        ).to(processes.device)
        self.encoders = PairEncoders(self.model, ()).to(processes.device).train()
        self.average: AveragedModel = average_of(self.model, config.average_decay)
        trained = nn.ModuleList([self.encoders, self.loss])
        self.optimiser = make_optimiser(trained, config)
        parts: dict[str, Stateful] = {
            "model": self.model, "average": self.average, "optimiser": self.optimiser,
            "order": self.order,
        }  # fmt: skip
        if self.loss.redshift is not None:
            parts["redshift"] = self.loss.redshift
        self.run = TrainingRun(directory, config, exposures.digest, n_steps, processes, parts)
        if not self.run.restore() and config.start_from:
            digest = load_weights(self.model, config.start_from)
            self.average.module.load_state_dict(self.model.state_dict())
            self.run.print_line(f"weights from {config.start_from} ({short_digest(digest)})")
        shuffled = np.random.default_rng(config.seed).permutation(self.rows["validation"])
        self.validation_rows = shuffled[: config.validation_galaxies]
        self.step = AlignmentStep(
            processes.parallel(self.encoders), self.loss, self.optimiser, config, processes
        )

    def train_step(self, step: int) -> LogValues:
        """Make one optimiser step; returns its loss, scale, learning rate and gradient norm."""
        config, processes = self.config, self.processes
        # All processes draw the same batch, and each its own changes of its share.
        same = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        torch.manual_seed(processes.seed(config.seed, 2 * step))  # makes dropout repeatable
        own = torch.Generator().manual_seed(processes.seed(config.seed, 2 * step + 1))

        size = round(config.equal_redshift_share * config.batch_size)
        chosen = self.groups.with_group(self.order.next(), size, same)
        rows = torch.from_numpy(self.rows["train"])[chosen]
        records = self.exposures.take(processes.share(rows).numpy())
        pair = changed_pairs(records, self.sizes, config.image_change, config.spectrum_change, own)
        values = self.step.make(step, self.run.n_steps, pair, rows)
        self.average.update_parameters(self.model)
        return values

    def validate(self, step: int) -> None:
        """Measure recall on validation galaxies, and save the averaged encoders if it is the best
        so far.
        """
        del step
        model = self.average.module
        assert isinstance(model, CrossModalModel)  # noqa: S101 (for the type checker)
        found = exposure_recall(
            embed_exposures(model, self.exposures, self.validation_rows, self.processes.device),
            self.config.validation_pool,
            model.logit_scale().to(self.processes.device),
        )
        line = self.run.log(**found)
        recall = float(np.mean([value for name, value in found.items() if "recall" in name]))
        if recall >= self.run.best:
            self.run.best = recall
            checkpoint.save(self.directory.encoder_path, model, note=json.dumps(line))


def train(
    config: ExposureAlignmentConfig,
    exposures: ExposureSet,
    directory: RunDirectory,
    processes: Processes,
) -> Path:
    """Align both encoders on exposures; returns the file with those of the best validation."""
    stage = ExposureAlignment(config, exposures, directory, processes)
    stage.run.print_line(
        f"{len(stage.rows['train'])} training galaxies with two exposures each, "
        f"{len(stage.validation_rows)} for validation"
    )
    stage.run.train(stage.train_step, stage.validate, stage.order.batches_per_epoch)
    return directory.encoder_path


if __name__ == "__main__":
    run_stage(
        "exposure_alignment",
        ExposureAlignmentConfig,
        ARCHITECTURES,
        train,
        (__doc__ or "").splitlines()[0],
        open_data=open_exposure_set,
    )
