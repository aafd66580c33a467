"""Contrastive alignment of images and spectra (InfoNCE), read from top to bottom.

    python -m training.alignment training/configs/alignment/small.toml --dataset DATASET --out RUN
    torchrun --nproc-per-node 4 -m training.alignment training/configs/alignment/astroclip.toml ...

RUN receives `encoder.safetensors` (the validation with the best recall), `log.jsonl`,
`curves.png` and `state.pt`, which continues a run that was stopped: start it again with the same
arguments, or without the config.
"""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from galsearch.core.errors import ConfigError
from galsearch.core.modality import Modality
from galsearch.dataset import Dataset
from galsearch.encoders import checkpoint
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, PREPARATION_VERSION, ModelConfig
from galsearch.encoders.network.cross_modal_model import CrossModalModel, PooledEncoder, initialise
from training.augment.image_augmentation import turn_and_mirror
from training.augment.spectrum_augmentation import SpectrumChange, observe_anew
from training.data.backbones import encoder_of, frozen_tokens, prepare, start_tower
from training.data.galaxies import Galaxies, choose_galaxies, prepared
from training.data.rows import Rows
from training.engine.batch_order import DataOrder
from training.engine.command import run_stage
from training.engine.optimiser import clip_gradient, learning_rate, make_optimiser, set_rates
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import PAPER, SMALL, StageConfig
from training.engine.training_curves import draw_if_possible
from training.engine.training_run import Run, Stateful
from training.objectives.clip_loss import clip_loss
from training.objectives.contrast import Part, Queue, contrastive_step
from training.objectives.linear_probe import read_label
from training.objectives.pair_loss import PairLoss

ARCHITECTURES = {SMALL: GALSEARCH_SMALL, PAPER: published_config(Published.ASTROCLIP)}


@dataclass(frozen=True)
class AlignmentConfig(StageConfig):
    """What an alignment is made of; a TOML file holds differences from these defaults."""

    image_tower: str = ""
    spectrum_tower: str = ""
    """Files of weights to start a backbone from, such as those of the pre-training stages."""
    frozen: tuple[Literal["image", "spectrum"], ...] = ()
    """Backbones that stay as they are: their tokens are computed once and kept."""
    features: str = ""
    """Directory of those tokens, to be shared between runs; by default in the run's own."""
    backbone_rate: float = 1.0
    """Share of the learning rate for backbones that are not frozen."""
    queue_size: int = 0
    """Embeddings of earlier steps that serve as further candidates."""
    image_noise: float = 0.05
    """Standard deviation of the noise added to prepared images."""
    spectrum_change: SpectrumChange = SpectrumChange()  # noqa: RUF009 (it is frozen)
    """What is changed in spectra at every visit anew."""
    redshift_weight: float = 0.0
    """Of the loss that asks a spectrum's embedding for its redshift, beside 1 for the contrast of
    images and spectra. 0: no labels are used, as in AstroCLIP."""
    redshift_column: str = "z"
    """Of the dataset's catalogue; galaxies without a number there are not asked."""
    validation_pool: int = 1000
    """Recall is measured among this many candidates, or all where there are fewer."""
    validation_galaxies: int = 2000
    """At most so many are embedded for a validation."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.frozen:
            if not getattr(self, f"{name}_tower"):
                raise ConfigError(
                    f"frozen names the {name} backbone, and {name}_tower is empty: it would stay "
                    "as it was drawn at random. Name a file of weights."
                )


class Towers(nn.Module):
    """Both encoders and the scale of the loss behind one forward pass, for DDP's sake.

    A frozen backbone has been gone through already: its encoder is given tokens.
    """

    def __init__(self, model: CrossModalModel, frozen: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.frozen = model, frozen
        for name in frozen:
            encoder_of(model, Modality(name)).backbone.requires_grad_(requires_grad=False)

    def embed(self, modality: Modality, inputs: Tensor) -> Tensor:
        """(B, E), not normalised."""
        encoder: PooledEncoder = encoder_of(self.model, modality)
        out: Tensor = encoder.pool(inputs) if modality.value in self.frozen else encoder(inputs)
        return out

    def forward(self, images: Tensor, spectra: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Embeddings of both and the scale."""
        return (
            self.embed(Modality.IMAGE, images),
            self.embed(Modality.SPECTRUM, spectra),
            self.model.logit_scale().to(images.device),
        )


# --- measurement -----------------------------------------------------------------------------


@torch.inference_mode()
def validate(
    towers: Towers,
    inputs: dict[Modality, Rows],
    rows: npt.NDArray[np.int64],
    pool: int,
    device: torch.device,
) -> dict[str, float]:
    """Recall@10 of a galaxy's partner in pools of candidates, both ways, and the loss there."""
    towers.eval()
    embedded = {
        modality: nn.functional.normalize(
            torch.cat(
                [towers.embed(modality, kept.take(some).to(device)) for some in _parts(rows, 100)]
            ),
            dim=1,
        )
        for modality, kept in inputs.items()
    }
    towers.train()
    scale = towers.model.logit_scale().to(device)
    found = []
    for places in _parts(np.arange(len(rows)), pool)[: max(1, len(rows) // pool)]:
        image, spectrum = (embedded[m][torch.from_numpy(places)] for m in Modality)
        similarity = image @ spectrum.T
        ways = similarity, similarity.T
        found.append([*map(recall_at_10, ways), float(clip_loss(image, spectrum, scale))])
    means = np.mean(found, axis=0)
    names = ("image_to_spectrum_recall_at_10", "spectrum_to_image_recall_at_10", "validation_loss")
    return {**dict(zip(names, map(float, means), strict=True)), "pool": float(min(pool, len(rows)))}


def recall_at_10(similarity: Tensor) -> float:
    """Share of rows with fewer than ten others as similar as their partner (ties count against)."""
    others = (similarity >= similarity.diagonal()[:, None]).sum(dim=1) - 1
    return float((others < 10).float().mean())


def _parts(rows: npt.NDArray[np.int64], size: int) -> list[npt.NDArray[np.int64]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


# --- the run ---------------------------------------------------------------------------------


def train(
    config: AlignmentConfig, dataset: Dataset, place: RunDirectory, processes: Processes
) -> Path:
    """Train and return the path of the best encoder."""
    sizes = config.model
    if sizes is None or sizes.image is None or sizes.spectrum is None:
        raise ConfigError("alignment needs a model with an image and a spectrum section.")
    galaxies = choose_galaxies(dataset, tuple(Modality))
    z = None
    if config.redshift_weight > 0:
        z = torch.from_numpy(read_label(galaxies, config.redshift_column, "skip")).float()
    learning = galaxies.rows_of("train")
    order = DataOrder(len(learning), config.batch_size, config.seed)
    n_steps = config.n_steps or max(1, round(config.epochs * order.batches_per_epoch))

    model = initialise(sizes, config.seed)
    towers = Towers(model, config.frozen).to(processes.device).train()
    queue = Queue(config.queue_size) if config.queue_size else None
    torch.manual_seed(config.seed)  # what the loss's own weights are drawn from
    pair_loss = PairLoss(model, queue, z, config.redshift_weight).to(processes.device)
    learned = nn.ModuleList([towers, pair_loss])
    optimiser = make_optimiser(
        learned,
        config,
        rate_share=lambda name: config.backbone_rate if ".backbone." in name else 1.0,
    )
    parts: dict[str, Stateful] = {"model": model, "optimiser": optimiser, "order": order}
    if queue is not None:
        parts["queue"] = queue
    if pair_loss.redshift is not None:
        parts["redshift"] = pair_loss.redshift
    run = Run(place, config, dataset.digest, n_steps, processes, parts)
    if not run.restore():
        for modality in Modality:
            if path := getattr(config, f"{modality.value}_tower"):
                digest = start_tower(model, modality, path)
                run.say(f"{modality.value} backbone from {path} ({digest[:12]})")

    inputs = read_inputs(config, sizes, model, galaxies, place, processes)
    candidates = np.random.default_rng(config.seed).permutation(galaxies.rows_of("validation"))
    candidates = candidates[: config.validation_galaxies]
    parallel = processes.parallel(towers)
    run.say(f"{len(learning)} training pairs, {len(candidates)} for validation")

    for step in run.steps():
        rate = learning_rate(step, n_steps, config)
        set_rates(optimiser, rate, config.weight_decay)
        torch.manual_seed(processes.seed(config.seed, 2 * step))  # what dropout draws from
        generator = torch.Generator().manual_seed(processes.seed(config.seed, 2 * step + 1))

        rows = torch.from_numpy(learning)[order.next()]
        seen = visit(inputs, processes.share(rows), config, sizes, generator)
        batch = list(zip(*(some.chunk(config.accumulate) for some in seen), strict=True))
        optimiser.zero_grad(set_to_none=True)
        loss, scale = contrastive_step(
            parallel,
            batch,
            rows.to(processes.device),
            processes,
            pair_loss,
            precision=config.precision,
        )
        length = clip_gradient(learned, config.gradient_clip)
        optimiser.step()

        if run.is_last(config.log_steps):
            run.log(loss=loss, scale=scale, learning_rate=rate, gradient=length)
        if run.is_last(config.validate_steps or order.batches_per_epoch) and processes.is_first:
            found = validate(towers, inputs, candidates, config.validation_pool, processes.device)
            line = run.log(**found)
            recall = np.mean([value for name, value in found.items() if "recall" in name])
            if recall >= run.best:
                run.best = float(recall)
                checkpoint.save(place.encoder_path, model, note=json.dumps(line))
            draw_if_possible(place)
    return place.encoder_path


def read_inputs(
    config: AlignmentConfig,
    sizes: ModelConfig,
    model: CrossModalModel,
    galaxies: Galaxies,
    place: RunDirectory,
    processes: Processes,
) -> dict[Modality, Rows]:
    """What the towers take: tokens where the backbone is frozen, else prepared pixels."""
    features = Path(config.features) if config.features else place.path / "features"
    inputs = {}
    for modality in Modality:
        if modality.value in config.frozen:
            inputs[modality] = frozen_tokens(model, modality, galaxies, features, processes)
        else:
            section = str(getattr(sizes, modality.value))
            made_from = {"preparation": PREPARATION_VERSION, "section": section}
            inputs[modality] = prepared(
                galaxies,
                modality,
                partial(prepare, modality=modality, config=sizes),
                made_from,
                place.pixels_path,
                config.memory_gb / len(Modality),
                processes,
            )
    return inputs


def visit(
    inputs: dict[Modality, Rows],
    rows: Tensor,
    config: AlignmentConfig,
    sizes: ModelConfig,
    generator: torch.Generator,
) -> Part:
    """Images and spectra of some galaxies, changed at every visit anew; frozen ones as they are."""
    images, spectra = (inputs[modality].take(rows) for modality in Modality)
    if "image" not in config.frozen:
        images = turn_and_mirror(images, generator)
        images = images + config.image_noise * torch.randn(images.shape, generator=generator)
    if "spectrum" not in config.frozen and sizes.preparation == "galsearch":
        assert sizes.spectrum is not None  # noqa: S101 (checked before the run began)
        spectra = observe_anew(spectra, sizes.spectrum, config.spectrum_change, generator)
    return images, spectra


if __name__ == "__main__":
    run_stage("alignment", AlignmentConfig, ARCHITECTURES, train, __doc__.splitlines()[0])
