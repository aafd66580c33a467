"""Masked modelling of spectra (SpecFormer), read from top to bottom; with a bank of templates that
learns redshifts beside it, where it is asked to.

    python -m training.spectrum_pretraining training/configs/spectrum_pretraining/small.toml \
        --dataset DATASET --out RUN

RUN receives `encoder.safetensors` (the backbone at the best validation, for `spectrum_tower` of
an alignment), `log.jsonl`, `curves.png` and `state.pt`, which continues a run that was stopped.
"""

import json
from dataclasses import dataclass
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
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, PREPARATION_VERSION
from galsearch.encoders.network.cross_modal_model import CrossModalModel, initialise
from galsearch.encoders.network.spectrum_network import SpectrumBackbone
from training.augment.spectrum_augmentation import SpectrumChange, observe_anew
from training.data.backbones import alone, encoder_of, prepare, tower_alone
from training.data.galaxies import choose_galaxies, prepared
from training.data.rows import Rows
from training.engine.batch_order import DataOrder
from training.engine.command import run_stage
from training.engine.optimiser import clip_gradient, learning_rate, make_optimiser, set_rates
from training.engine.processes import Processes, silent
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import PAPER, SMALL, StageConfig
from training.engine.training_curves import draw_if_possible
from training.engine.training_run import Run
from training.objectives.linear_probe import neighbours_r2, probe_rows, read_label
from training.objectives.masked_spectra import Objective, Question, masked_loss, objective_for
from training.objectives.redshift_head import likeliest_redshift, redshift_loss

ARCHITECTURES = {
    SMALL: alone(GALSEARCH_SMALL, Modality.SPECTRUM),
    PAPER: published_config(Published.SPECFORMER),
}
VALIDATION_SEED = 20_240_531
"""Validation hides the same stretches every time: its losses can be compared."""


@dataclass(frozen=True)
class SpectrumPretrainingConfig(StageConfig):
    """What a pre-training of spectra is made of; a TOML file holds differences from these."""

    n_stretches: int = 6
    """Stretches hidden of each spectrum."""
    hidden_share: float = 0.4
    """Of a spectrum's pixels."""
    published_faults: bool = False
    """For the preparation `released`: hide and count as the published code did."""
    spectrum_change: SpectrumChange = SpectrumChange(most_lost=0.0)  # noqa: RUF009 (it is frozen)
    """What is changed in spectra of the preparation `galsearch` at every visit anew."""
    redshift_weight: float = 0.0
    """Of the loss that asks the model's bank of templates for the redshift, beside 1 for masked
    modelling. 0: no labels are used, as in AstroCLIP."""
    redshift_column: str = "z"
    """Of the dataset's catalogue; galaxies without a number there are not asked."""
    validation_galaxies: int = 2000
    """At most so many spectra are looked at for the validation loss, which chooses the encoder."""
    probe_label: str = ""
    """Column whose R2 by nearest neighbours is logged too, such as z."""
    missing_labels: Literal["refuse", "skip"] = "refuse"
    """What to do where a galaxy lacks that label."""
    probe_galaxies: int = 4000
    """Training galaxies among which neighbours are looked for; a quarter as many ask."""

    def __post_init__(self) -> None:
        super().__post_init__()
        section = self.model.spectrum if self.model else None
        if self.redshift_weight > 0 and section is not None and not section.n_templates:
            raise ConfigError(
                f"redshift_weight = {self.redshift_weight} asks a bank of templates, and "
                "spectrum.n_templates is 0: there is none."
            )


class Reconstructor(nn.Module):
    """The spectrum backbone and its reconstruction behind one forward pass."""

    def __init__(self, model: CrossModalModel) -> None:
        super().__init__()
        self.backbone = encoder_of(model, Modality.SPECTRUM).backbone

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Prepared spectra with parts hidden to prepared spectra as they may be.

        And the odds of their redshifts, (B, bins); no bins where there is no bank of templates.
        """
        made, odds = self.bone.reconstruct_with_redshift(inputs)
        return made, made.new_empty(len(made), 0) if odds is None else odds.logsumexp(dim=1)

    @property
    def bone(self) -> SpectrumBackbone:
        """The backbone."""
        assert isinstance(self.backbone, SpectrumBackbone)  # noqa: S101 (for the type checker)
        return self.backbone


def question_losses(
    reconstructor: nn.Module,
    objective: Objective,
    question: Question,
    *,
    low_precision: bool = False,
) -> tuple[Tensor, Tensor]:
    """The loss of an answer, in float32, and the odds of the redshifts."""
    device = question.inputs.device
    with torch.autocast(device.type, torch.bfloat16, enabled=low_precision):
        made, odds = reconstructor(question.inputs)
    return masked_loss(objective.answer(made.float()), question), odds


# --- measurement -----------------------------------------------------------------------------


@torch.inference_mode()
def validate(
    reconstructor: Reconstructor,
    objective: Objective,
    pixels: Rows,
    rows: npt.NDArray[np.int64],
    device: torch.device,
) -> float:
    """The loss of masked modelling for spectra that training does not see."""
    generator = torch.Generator().manual_seed(VALIDATION_SEED)
    total = 0.0
    for start in range(0, len(rows), 64):
        some = rows[start : start + 64]
        question = objective.ask(pixels.take(some), generator).to(device)
        total += len(some) * float(question_losses(reconstructor, objective, question)[0])
    return total / len(rows)


@torch.inference_mode()
def redshift_errors(
    reconstructor: Reconstructor,
    pixels: Rows,
    rows: npt.NDArray[np.int64],
    z: Tensor,
    device: torch.device,
) -> dict[str, float]:
    """How far the likeliest redshifts of whole spectra are off, in dz / (1 + z)."""
    backbone = reconstructor.bone
    odds = [
        backbone.redshift_log_odds(pixels.take(rows[i : i + 64]).to(device)).cpu()
        for i in range(0, len(rows), 64)
    ]
    true = z[torch.from_numpy(rows)]
    found = likeliest_redshift(torch.cat(odds), backbone.templates.bin_width)
    error = ((found - true) / (1 + true))[torch.isfinite(true)]
    spread = (error - error.median()).abs().median() * 1.4826
    return {
        "redshift_nmad": float(spread),
        "redshift_over_0.005": float((error.abs() > 0.005).float().mean()),
    }


@torch.inference_mode()
def embed(
    reconstructor: Reconstructor,
    pixels: Rows,
    rows: npt.NDArray[np.int64],
    device: torch.device,
) -> Tensor:
    """(len(rows), D) mean tokens of whole spectra."""
    return torch.cat(
        [
            reconstructor.backbone(pixels.take(rows[i : i + 64]).to(device)).mean(1).cpu()
            for i in range(0, len(rows), 64)
        ]
    )


# --- the run ---------------------------------------------------------------------------------


def train(
    config: SpectrumPretrainingConfig, dataset: Dataset, place: RunDirectory, processes: Processes
) -> Path:
    """Train and return the path of the best encoder."""
    sizes = config.model
    if sizes is None or sizes.spectrum is None:
        raise ConfigError("pre-training of spectra needs a model with a spectrum section.")
    galaxies = choose_galaxies(dataset, (Modality.SPECTRUM,))
    labels = (
        read_label(galaxies, config.probe_label, config.missing_labels)
        if config.probe_label
        else None
    )
    z = None
    if config.redshift_weight > 0:
        z = torch.from_numpy(read_label(galaxies, config.redshift_column, "skip")).float()
    objective = objective_for(
        sizes,
        n_stretches=config.n_stretches,
        share=config.hidden_share,
        published=config.published_faults,
    )
    learning = galaxies.rows_of("train")
    order = DataOrder(len(learning), config.batch_size, config.seed)
    n_steps = config.n_steps or max(1, round(config.epochs * order.batches_per_epoch))

    model = initialise(sizes, config.seed)
    reconstructor = Reconstructor(model).to(processes.device).train()
    bin_width = reconstructor.bone.templates.bin_width if z is not None else 0.0
    optimiser = make_optimiser(reconstructor, config)
    run = Run(
        place,
        config,
        dataset.digest,
        n_steps,
        processes,
        {"model": model, "optimiser": optimiser, "order": order},
    )
    run.restore()
    pixels = prepared(
        galaxies,
        Modality.SPECTRUM,
        lambda batch: prepare(batch, Modality.SPECTRUM, sizes),
        {"preparation": PREPARATION_VERSION, "section": str(sizes.spectrum)},
        place.pixels_path,
        config.memory_gb,
        processes,
    )
    candidates = np.random.default_rng(config.seed).permutation(galaxies.rows_of("validation"))
    candidates = candidates[: config.validation_galaxies]
    parallel = processes.parallel(reconstructor)
    run.say(f"{len(learning)} training spectra, {len(candidates)} for validation")

    for step in run.steps():
        rate = learning_rate(step, n_steps, config)
        set_rates(optimiser, rate, config.weight_decay)
        generator = torch.Generator().manual_seed(processes.seed(config.seed, step))

        rows = processes.share(torch.from_numpy(learning)[order.next()]).chunk(config.accumulate)
        optimiser.zero_grad(set_to_none=True)
        loss = torch.zeros((), device=processes.device)
        for number, some in enumerate(rows):
            seen = pixels.take(some)
            if sizes.preparation == "galsearch":
                seen = observe_anew(seen, sizes.spectrum, config.spectrum_change, generator)
            question = objective.ask(seen, generator).to(processes.device)
            with silent(parallel, last=number == len(rows) - 1):
                part, odds = question_losses(
                    parallel, objective, question, low_precision=config.precision == "bf16"
                )
                if z is not None:
                    asked = redshift_loss(odds, z[some].to(odds.device), bin_width)
                    part = part + config.redshift_weight * asked
                (part / len(rows)).backward()  # type: ignore[no-untyped-call]
            loss += part.detach() / len(rows)
        length = clip_gradient(reconstructor, config.gradient_clip)
        optimiser.step()

        if run.is_last(config.log_steps):
            run.log(loss=processes.mean(loss), learning_rate=rate, gradient=length)
        if run.is_last(config.validate_steps or order.batches_per_epoch) and processes.is_first:
            found = validate(reconstructor, objective, pixels, candidates, processes.device)
            numbers = {"validation_loss": found}
            if z is not None:
                device = processes.device
                numbers |= redshift_errors(reconstructor, pixels, candidates, z, device)
            if labels is not None:
                limit = config.probe_galaxies
                known = probe_rows(galaxies, labels, "train", limit, config.seed)
                asking = probe_rows(galaxies, labels, "validation", max(2, limit // 4), config.seed)
                vectors = [
                    embed(reconstructor, pixels, some, processes.device) for some in (known, asking)
                ]
                numbers[f"{config.probe_label}_r2"] = neighbours_r2(
                    vectors[0], labels[known], vectors[1], labels[asking]
                )
            line = run.log(**numbers)
            if -found >= run.best:
                run.best = -found
                tower = tower_alone(model, Modality.SPECTRUM)
                checkpoint.save(place.encoder_path, tower, note=json.dumps(line))
            draw_if_possible(place)
    return place.encoder_path


if __name__ == "__main__":
    run_stage(
        "spectrum_pretraining",
        SpectrumPretrainingConfig,
        ARCHITECTURES,
        train,
        __doc__.splitlines()[0],
    )
