"""Contrastive alignment of image and spectrum encoders (InfoNCE).

    python -m training.alignment training/configs/alignment/small.toml --dataset DATASET --out RUN
    torchrun --nproc-per-node 4 -m training.alignment training/configs/alignment/astroclip.toml ...

The directory RUN receives `encoder.safetensors` (the weights at the validation with the best
recall), `log.jsonl`, `curves.png` and `state.pt`. To continue a run that was interrupted, start it
again with the same arguments, or without the config.
"""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from galsearch.core.errors import ConfigError
from galsearch.core.fingerprint import short_digest
from galsearch.core.modality import Modality
from galsearch.dataset import Dataset
from galsearch.encoders import checkpoint
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, ModelConfig
from galsearch.encoders.network.cross_modal_model import initialise
from training.augment.image_augmentation import rotate_and_mirror
from training.augment.spectrum_augmentation import SpectrumAugmentation, reobserve
from training.data.backbones import frozen_tokens, load_backbone, prepare_pixels
from training.data.catalogue_labels import read_label
from training.data.galaxies import choose_galaxies, prepare_galaxies
from training.data.galaxy_arrays import HalfPrecisionArray
from training.engine.batch_order import BatchOrder
from training.engine.command import run_stage
from training.engine.optimiser import make_optimiser
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import PAPER, SMALL, StageConfig
from training.engine.training_run import LogValues, Stateful, TrainingRun
from training.objectives.contrastive_step import AlignmentStep, EmbeddingQueue, Part
from training.objectives.pair_encoders import PairEncoders
from training.objectives.pair_loss import PairLoss
from training.validation.pair_recall import validate_pairs

ARCHITECTURES = {SMALL: GALSEARCH_SMALL, PAPER: published_config(Published.ASTROCLIP)}
"""Sizes of the model for each value of the config's `architecture`."""


@dataclass(frozen=True)
class AlignmentConfig(StageConfig):
    """Settings of the alignment stage; a TOML file holds the differences from these defaults."""

    image_tower: str = ""
    spectrum_tower: str = ""
    """Two paths of encoder files, for images and for spectra: alignment starts from the weights of
    their backbones, such as those of the pre-training stages. Empty: random initial weights.
    """
    frozen: tuple[Literal["image", "spectrum"], ...] = ()
    """Modalities whose backbone is not trained: its output tokens are computed once and stored."""
    features: str = ""
    """Directory in which the tokens of frozen backbones are stored, so that several runs can share
    them; empty: the subdirectory `features` of the run.
    """
    backbone_rate: float = 1.0
    """Factor on the learning rate of backbones that are not frozen."""
    queue_size: int = 0
    """Number of galaxies whose embeddings from earlier steps serve as additional negatives; 0:
    none.
    """
    image_noise: float = 0.05
    """Standard deviation of the noise that is added to prepared images."""
    spectrum_change: SpectrumAugmentation = SpectrumAugmentation()  # noqa: RUF009 (it is frozen)
    """Random changes of a spectrum, sampled anew each time the spectrum is used."""
    redshift_weight: float = 0.0
    """Weight of the redshift-classification loss on embeddings of spectra, relative to 1 for
    InfoNCE. 0: no labels are used, as in AstroCLIP."""
    redshift_column: str = "z"
    """Column of the catalogue with the redshifts; galaxies without one have no redshift loss."""
    validation_pool: int = 1000
    """Number of validation galaxies among which recall is measured; all of them where there are
    fewer.
    """
    validation_galaxies: int = 2000
    """Largest number of validation galaxies that are embedded each time recall is measured."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.frozen:
            if not getattr(self, f"{name}_tower"):
                raise ConfigError(
                    f"frozen names the {name} backbone, and {name}_tower is empty: it would keep "
                    "its random initial weights. Name a file of weights."
                )


class Alignment:
    """The networks, data and optimiser of one alignment run."""

    def __init__(
        self,
        config: AlignmentConfig,
        dataset: Dataset,
        directory: RunDirectory,
        processes: Processes,
    ) -> None:
        sizes = config.model
        if sizes is None or sizes.image is None or sizes.spectrum is None:
            raise ConfigError("alignment needs a model with an image and a spectrum section.")
        self.config, self.sizes = config, sizes
        self.directory, self.processes = directory, processes
        self.galaxies = choose_galaxies(dataset, tuple(Modality))
        z = None
        if config.redshift_weight > 0:
            z = torch.from_numpy(read_label(self.galaxies, config.redshift_column, "skip")).float()
        self.training_rows = self.galaxies.rows_of("train")
        self.order = BatchOrder(len(self.training_rows), config.batch_size, config.seed)
        n_steps = config.n_steps or max(1, round(config.epochs * self.order.batches_per_epoch))

        self.model = initialise(sizes, config.seed)
        self.encoders = PairEncoders(self.model, config.frozen).to(processes.device).train()
        queue = EmbeddingQueue(config.queue_size) if config.queue_size else None
        torch.manual_seed(config.seed)  # determines the redshift head's weights
        self.pair_loss = PairLoss(self.model, queue, z, config.redshift_weight)
        self.pair_loss.to(processes.device)
        trained = nn.ModuleList([self.encoders, self.pair_loss])
        self.optimiser = make_optimiser(
            trained,
            config,
            rate_share=lambda name: config.backbone_rate if ".backbone." in name else 1.0,
        )
        parts: dict[str, Stateful] = {
            "model": self.model,
            "optimiser": self.optimiser,
            "order": self.order,
        }
        if queue is not None:
            parts["queue"] = queue
        if self.pair_loss.redshift is not None:
            parts["redshift"] = self.pair_loss.redshift
        self.run = TrainingRun(directory, config, dataset.digest, n_steps, processes, parts)
        if not self.run.restore():
            self._load_backbones()
        self.inputs = {modality: self._inputs_of(modality) for modality in Modality}
        validation = self.galaxies.rows_of("validation")
        shuffled = np.random.default_rng(config.seed).permutation(validation)
        self.validation_rows = shuffled[: config.validation_galaxies]
        self.step = AlignmentStep(
            processes.parallel(self.encoders), self.pair_loss, self.optimiser, config, processes
        )

    def _load_backbones(self) -> None:
        """Load the backbones of the encoder files that the config names into the model."""
        for modality in Modality:
            if path := getattr(self.config, f"{modality.value}_tower"):
                digest = load_backbone(self.model, modality, path)
                self.run.print_line(
                    f"{modality.value} backbone from {path} ({short_digest(digest)})"
                )

    def _inputs_of(self, modality: Modality) -> HalfPrecisionArray:
        """The inputs of one modality's encoder for all galaxies, one row each: stored tokens where
        the backbone is frozen, otherwise prepared pixels.
        """
        config = self.config
        if modality.value in config.frozen:
            features = Path(config.features or self.directory.path / "features")
            return frozen_tokens(self.model, modality, self.galaxies, features, self.processes)
        section = str(getattr(self.sizes, modality.value))
        return prepare_galaxies(
            self.galaxies,
            modality,
            partial(prepare_pixels, modality=modality, config=self.sizes),
            {"preparation": self.sizes.preparation_version, "section": section},
            self.directory.pixels_path,
            config.memory_gb / len(Modality),
            self.processes,
        )

    def train_step(self, step: int) -> LogValues:
        """Make one optimiser step of alignment; returns its loss, scale, learning rate and gradient
        norm.
        """
        config, processes = self.config, self.processes
        torch.manual_seed(processes.seed(config.seed, 2 * step))  # makes dropout repeatable
        generator = torch.Generator().manual_seed(processes.seed(config.seed, 2 * step + 1))

        rows = torch.from_numpy(self.training_rows)[self.order.next()]
        pair = augmented_pairs(self.inputs, processes.share(rows), config, self.sizes, generator)
        return self.step.make(step, self.run.n_steps, pair, rows)

    def validate(self, step: int) -> None:
        """Measure cross-modal recall on validation galaxies, and save both encoders if it is the
        best recall so far.
        """
        del step
        found = validate_pairs(
            self.encoders,
            self.inputs,
            self.validation_rows,
            self.config.validation_pool,
            self.processes.device,
        )
        line = self.run.log(**found)
        recall = float(np.mean([value for name, value in found.items() if "recall" in name]))
        if recall >= self.run.best:
            self.run.best = recall
            checkpoint.save(self.directory.encoder_path, self.model, note=json.dumps(line))


def augmented_pairs(
    inputs: dict[Modality, HalfPrecisionArray],
    rows: Tensor,
    config: AlignmentConfig,
    sizes: ModelConfig,
    generator: torch.Generator,
) -> Part:
    """Inputs of the image encoder and of the spectrum encoder for the galaxies at `rows`.

    Images are rotated, mirrored and get noise, and spectra are changed as by another exposure.
    Inputs of a frozen backbone are stored tokens and stay as they are.
    """
    images, spectra = (inputs[modality].take(rows) for modality in Modality)
    if "image" not in config.frozen:
        images = rotate_and_mirror(images, generator)
        images = images + config.image_noise * torch.randn(images.shape, generator=generator)
    if "spectrum" not in config.frozen and sizes.preparation == "galsearch":
        assert sizes.spectrum is not None  # noqa: S101 (checked before the run began)
        spectra = reobserve(spectra, sizes.spectrum, config.spectrum_change, generator)
    return images, spectra


def train(
    config: AlignmentConfig, dataset: Dataset, directory: RunDirectory, processes: Processes
) -> Path:
    """Align an image and a spectrum encoder; returns the file with those of the best validation
    recall.
    """
    stage = Alignment(config, dataset, directory, processes)
    stage.run.print_line(
        f"{len(stage.training_rows)} training pairs, {len(stage.validation_rows)} for validation"
    )
    stage.run.train(stage.train_step, stage.validate, stage.order.batches_per_epoch)
    return directory.encoder_path


if __name__ == "__main__":
    run_stage("alignment", AlignmentConfig, ARCHITECTURES, train, __doc__.splitlines()[0])
