"""Pre-training of a spectrum backbone: masked modelling (SpecFormer), and optionally redshifts.

    python -m training.spectrum_pretraining training/configs/spectrum_pretraining/small.toml \
        --dataset DATASET --out RUN

Parts of a spectrum are hidden and reconstructed. Where the model has a bank of templates, it can
learn redshifts from labels at the same time. The directory RUN receives `encoder.safetensors` (the
backbone at the best validation, for `spectrum_tower` of an alignment), `log.jsonl`, `curves.png`
and `state.pt`, from which an interrupted run is continued.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from galsearch.core.errors import ConfigError
from galsearch.core.modality import Modality
from galsearch.dataset import Dataset
from galsearch.encoders import checkpoint
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from galsearch.encoders.network.cross_modal_model import initialise
from training.augment.spectrum_augmentation import SpectrumAugmentation, reobserve
from training.data.backbones import backbone_config, backbone_model, prepare_pixels
from training.data.catalogue_labels import read_label
from training.data.galaxies import choose_galaxies, prepare_galaxies
from training.engine.batch_order import BatchOrder
from training.engine.command import run_stage
from training.engine.optimiser import clip_gradient, learning_rate, make_optimiser, set_rates
from training.engine.processes import Processes, without_gradient_sync
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import PAPER, SMALL, StageConfig
from training.engine.training_run import LogValues, TrainingRun
from training.objectives.masked_spectra import objective_for
from training.objectives.reconstructor import Reconstructor, reconstruction_loss
from training.objectives.redshift_head import redshift_loss
from training.validation.neighbour_probe import label_r2
from training.validation.spectrum_validation import mean_tokens, redshift_errors, validation_loss

ARCHITECTURES = {
    SMALL: backbone_config(GALSEARCH_SMALL, Modality.SPECTRUM),
    PAPER: published_config(Published.SPECFORMER),
}
"""Sizes of the model for each value of the config's `architecture`."""


@dataclass(frozen=True)
class SpectrumPretrainingConfig(StageConfig):
    """Settings of the pre-training on spectra; a TOML file holds the differences from these
    defaults.
    """

    n_stretches: int = 6
    """Number of stretches that are hidden in each spectrum."""
    hidden_share: float = 0.4
    """Share of the pixels of a spectrum that is hidden."""
    published_faults: bool = False
    """True to repeat the faults of the published masking and scoring, for the preparation
    `released`.
    """
    spectrum_change: SpectrumAugmentation = SpectrumAugmentation(most_lost=0.0)  # noqa: RUF009
    """Random changes of a spectrum in the preparation `galsearch`, sampled anew each time the
    spectrum is used.
    """
    redshift_weight: float = 0.0
    """Weight of the redshift loss of the bank of templates, relative to 1 for masked modelling.
    0: no labels are used, as in AstroCLIP."""
    redshift_column: str = "z"
    """Column of the catalogue with the redshifts; galaxies without one have no redshift loss."""
    validation_galaxies: int = 2000
    """Largest number of spectra in the validation loss, which chooses the best encoder."""
    probe_label: str = ""
    """Catalogue column, such as z, whose R2 predicted by nearest neighbours is logged too; empty:
    none.
    """
    missing_labels: Literal["refuse", "skip"] = "refuse"
    """Action where a galaxy lacks the label `probe_label`: stop with an error, or leave the galaxy
    out.
    """
    probe_galaxies: int = 4000
    """Number of training galaxies among which the neighbours of validation galaxies are searched
    when the R2 is measured; a quarter as many validation galaxies are used.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        section = self.model.spectrum if self.model else None
        if self.redshift_weight > 0 and section is not None and not section.n_templates:
            raise ConfigError(
                f"redshift_weight = {self.redshift_weight} needs a bank of templates, and "
                "spectrum.n_templates is 0: there is none."
            )


class SpectrumPretraining:
    """The network, data and optimiser of one pre-training run on spectra."""

    def __init__(
        self,
        config: SpectrumPretrainingConfig,
        dataset: Dataset,
        directory: RunDirectory,
        processes: Processes,
    ) -> None:
        sizes = config.model
        if sizes is None or sizes.spectrum is None:
            raise ConfigError("pre-training of spectra needs a model with a spectrum section.")
        self.config, self.sizes, self.section = config, sizes, sizes.spectrum
        self.directory, self.processes = directory, processes
        self.galaxies = choose_galaxies(dataset, (Modality.SPECTRUM,))
        self.labels = self.z = None
        if config.probe_label:
            self.labels = read_label(self.galaxies, config.probe_label, config.missing_labels)
        if config.redshift_weight > 0:
            z = read_label(self.galaxies, config.redshift_column, "skip")
            self.z = torch.from_numpy(z).float()
        self.objective = objective_for(
            sizes,
            n_stretches=config.n_stretches,
            share=config.hidden_share,
            published=config.published_faults,
        )
        self.training_rows = self.galaxies.rows_of("train")
        self.order = BatchOrder(len(self.training_rows), config.batch_size, config.seed)
        n_steps = config.n_steps or max(1, round(config.epochs * self.order.batches_per_epoch))

        self.model = initialise(sizes, config.seed)
        self.reconstructor = Reconstructor(self.model).to(processes.device).train()
        self.optimiser = make_optimiser(self.reconstructor, config)
        self.run = TrainingRun(
            directory,
            config,
            dataset.digest,
            n_steps,
            processes,
            {"model": self.model, "optimiser": self.optimiser, "order": self.order},
        )
        self.run.restore()
        self.pixels = prepare_galaxies(
            self.galaxies,
            Modality.SPECTRUM,
            lambda batch: prepare_pixels(batch, Modality.SPECTRUM, sizes),
            {"preparation": sizes.preparation_version, "section": str(sizes.spectrum)},
            directory.pixels_path,
            config.memory_gb,
            processes,
        )
        validation = self.galaxies.rows_of("validation")
        shuffled = np.random.default_rng(config.seed).permutation(validation)
        self.validation_rows = shuffled[: config.validation_galaxies]
        self.parallel = processes.parallel(self.reconstructor)

    def train_step(self, step: int) -> LogValues:
        """Make one optimiser step of masked modelling; returns the loss, the learning rate and the
        gradient norm.
        """
        config, processes = self.config, self.processes
        rate = learning_rate(step, self.run.n_steps, config)
        set_rates(self.optimiser, rate, config.weight_decay)
        generator = torch.Generator().manual_seed(processes.seed(config.seed, step))

        rows = torch.from_numpy(self.training_rows)[self.order.next()]
        parts = processes.share(rows).chunk(config.accumulate)
        self.optimiser.zero_grad(set_to_none=True)
        loss = torch.zeros((), device=processes.device)
        for number, some in enumerate(parts):
            with without_gradient_sync(self.parallel, last=number == len(parts) - 1):
                part = self._loss(some, generator)
                (part / len(parts)).backward()  # type: ignore[no-untyped-call]
            loss += part.detach() / len(parts)
        norm = clip_gradient(self.reconstructor, config.gradient_clip)
        self.optimiser.step()
        return {"loss": processes.mean(loss), "learning_rate": rate, "gradient": norm}

    def _loss(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The loss (scalar) of the spectra at `rows`: masked modelling, plus redshift
        classification where labels are used.
        """
        config = self.config
        spectra = self.pixels.take(rows)
        if self.sizes.preparation == "galsearch":
            spectra = reobserve(spectra, self.section, config.spectrum_change, generator)
        masked = self.objective.mask(spectra, generator).to(self.processes.device)
        loss, logits = reconstruction_loss(
            self.parallel, self.objective, masked, low_precision=config.precision == "bf16"
        )
        if self.z is not None:
            bin_width = self.reconstructor.spectrum_backbone.templates.bin_width
            of_redshift = redshift_loss(logits, self.z[rows].to(logits.device), bin_width)
            loss = loss + config.redshift_weight * of_redshift
        return loss

    def validate(self, step: int) -> None:
        """Measure the loss of validation spectra, and save the backbone if this loss is the lowest
        so far.
        """
        del step
        config, device = self.config, self.processes.device
        network, pixels, rows = self.reconstructor, self.pixels, self.validation_rows
        found = validation_loss(network, self.objective, pixels, rows, device)
        scores = {"validation_loss": found}
        if self.z is not None:
            scores |= redshift_errors(network, pixels, rows, self.z, device)
        if self.labels is not None:
            scores[f"{config.probe_label}_r2"] = label_r2(
                lambda some: mean_tokens(network, pixels, some, device),
                self.galaxies,
                self.labels,
                config.probe_galaxies,
                config.seed,
            )
        line = self.run.log(**scores)
        if -found >= self.run.best:
            self.run.best = -found
            backbone = backbone_model(self.model, Modality.SPECTRUM)
            checkpoint.save(self.directory.encoder_path, backbone, note=json.dumps(line))


def train(
    config: SpectrumPretrainingConfig,
    dataset: Dataset,
    directory: RunDirectory,
    processes: Processes,
) -> Path:
    """Train a spectrum backbone by masked modelling; returns the file of the one with the lowest
    validation loss.
    """
    stage = SpectrumPretraining(config, dataset, directory, processes)
    stage.run.print_line(
        f"{len(stage.training_rows)} training spectra, {len(stage.validation_rows)} for validation"
    )
    stage.run.train(stage.train_step, stage.validate, stage.order.batches_per_epoch)
    return directory.encoder_path


if __name__ == "__main__":
    run_stage(
        "spectrum_pretraining",
        SpectrumPretrainingConfig,
        ARCHITECTURES,
        train,
        __doc__.splitlines()[0],
    )
