"""Masked modelling of spectra (SpecFormer), read from top to bottom.

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
from galsearch.encoders.config import GALSEARCH_SMALL, PREPARATION_VERSION
from galsearch.encoders.model import CrossModalModel, initialise
from galsearch.encoders.published import Published, published_config
from galsearch.encoders.spectrum import SpectrumBackbone
from training.command import run_stage
from training.curves import draw_if_possible
from training.galaxies import choose_galaxies, prepared
from training.masked_spectra import Objective, Question, masked_loss, objective_for
from training.optimiser import clip_gradient, learning_rate, make_optimiser, set_rates
from training.order import DataOrder
from training.probe import neighbours_r2, probe_rows, read_label
from training.processes import Processes, silent
from training.rows import Rows
from training.run import Run
from training.run_directory import RunDirectory
from training.stage_config import PAPER, SMALL, StageConfig
from training.towers import alone, encoder_of, prepare, tower_alone

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
    validation_galaxies: int = 2000
    """At most so many spectra are looked at for the validation loss, which chooses the encoder."""
    probe_label: str = ""
    """Column whose R2 by nearest neighbours is logged too, such as z."""
    missing_labels: Literal["refuse", "skip"] = "refuse"
    """What to do where a galaxy lacks that label."""
    probe_galaxies: int = 4000
    """Training galaxies among which neighbours are looked for; a quarter as many ask."""


class Reconstructor(nn.Module):
    """The spectrum backbone and its reconstruction behind one forward pass."""

    def __init__(self, model: CrossModalModel) -> None:
        super().__init__()
        self.backbone = encoder_of(model, Modality.SPECTRUM).backbone

    def forward(self, inputs: Tensor) -> Tensor:
        """Prepared spectra with parts hidden to prepared spectra as they may be."""
        assert isinstance(self.backbone, SpectrumBackbone)  # noqa: S101 (for the type checker)
        return self.backbone.reconstruct(inputs)


def question_loss(
    reconstructor: nn.Module,
    objective: Objective,
    question: Question,
    *,
    low_precision: bool = False,
) -> Tensor:
    """The loss of an answer, in float32."""
    device_type = question.inputs.device.type
    with torch.autocast(device_type, torch.bfloat16, enabled=low_precision):
        made = reconstructor(question.inputs)
    return masked_loss(objective.answer(made.float()), question)


# --- measurement -----------------------------------------------------------------------------


@torch.inference_mode()
def validate(
    reconstructor: Reconstructor,
    objective: Objective,
    pixels: Rows,
    rows: npt.NDArray[np.int64],
    device: torch.device,
) -> float:
    """The loss of spectra that training does not see."""
    generator = torch.Generator().manual_seed(VALIDATION_SEED)
    total = 0.0
    for start in range(0, len(rows), 64):
        some = rows[start : start + 64]
        question = objective.ask(pixels.take(some), generator).to(device)
        total += len(some) * float(question_loss(reconstructor, objective, question))
    return total / len(rows)


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
            question = objective.ask(pixels.take(some), generator).to(processes.device)
            with silent(parallel, last=number == len(rows) - 1):
                part = question_loss(
                    parallel, objective, question, low_precision=config.precision == "bf16"
                )
                (part / len(rows)).backward()  # type: ignore[no-untyped-call]
            loss += part.detach() / len(rows)
        length = clip_gradient(reconstructor, config.gradient_clip)
        optimiser.step()

        if run.is_last(config.log_steps):
            run.log(loss=processes.mean(loss), learning_rate=rate, gradient=length)
        if run.is_last(config.validate_steps or order.batches_per_epoch) and processes.is_first:
            found = validate(reconstructor, objective, pixels, candidates, processes.device)
            numbers = {"validation_loss": found}
            if labels is not None:
                limit = config.probe_galaxies
                known = probe_rows(galaxies, labels, "train", limit, config.seed)
                asked = probe_rows(galaxies, labels, "validation", max(2, limit // 4), config.seed)
                vectors = [
                    embed(reconstructor, pixels, some, processes.device) for some in (known, asked)
                ]
                numbers[f"{config.probe_label}_r2"] = neighbours_r2(
                    vectors[0], labels[known], vectors[1], labels[asked]
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
