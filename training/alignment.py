"""Contrastive alignment of images and spectra (InfoNCE), read from top to bottom.

    python -m training.alignment training/configs/small.toml --dataset DATASET --out RUN

RUN receives `state.pt` (everything needed to continue, after every epoch), `log.jsonl` (a line
an epoch) and `encoder.safetensors` (the epoch with the best validation recall). Started again
with the same arguments, an interrupted run goes on after its last whole epoch and ends with the
same weights.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import track

from galsearch.config import as_table, read_config
from galsearch.core.errors import ConfigError, DatasetError
from galsearch.dataset import Dataset, open_dataset, split_of
from galsearch.encoders import checkpoint
from galsearch.encoders.config import GALSEARCH_SMALL, ModelConfig
from galsearch.encoders.losses import clip_loss
from galsearch.encoders.model import CrossModalModel
from galsearch.encoders.preprocess import prepare_images, prepare_spectra
from galsearch.encoders.schedules import warm_up_cosine

POOL = 1000
"""Validation recall is measured among this many candidates at most."""


@dataclass(frozen=True)
class AlignmentConfig:
    """What a training run is made of; a TOML file holds differences from these defaults."""

    seed: int = 1
    """Weights, order and augmentation all follow from it."""
    epochs: int = 20
    batch_size: int = 256
    """Also the number of candidates a galaxy's partner is told apart from."""
    learning_rate: float = 1e-3
    """Peak of the schedule: linear warm-up, then a cosine to zero."""
    warm_up_share: float = 0.05
    weight_decay: float = 0.05
    """On matrices alone: biases, norms, tokens and the scale are left free."""
    gradient_clip: float = 1.0
    image_noise: float = 0.05
    """Standard deviation of the noise added to prepared images."""
    spectrum_drop: float = 0.1
    """Share of a spectrum's slices that are blanked in every epoch anew."""
    model: ModelConfig = GALSEARCH_SMALL
    """The architecture; a `[model]` table in the file replaces it whole."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Prepared galaxies of one split, in memory as float16."""

    target_ids: npt.NDArray[np.int64]
    images: torch.Tensor
    spectra: torch.Tensor

    def __len__(self) -> int:
        return len(self.target_ids)


# --- data ------------------------------------------------------------------------------------


def read_pairs(dataset: Dataset, model: ModelConfig) -> dict[str, Pairs]:
    """The galaxies that have both modalities, by split (a hash of TARGETID decides)."""
    parts: dict[str, list[tuple[npt.NDArray[np.int64], torch.Tensor, torch.Tensor]]] = {
        "train": [],
        "validation": [],
    }
    for part in track(dataset.partitions, "reading", console=Console(stderr=True)):
        for batch in part.batches(256):
            split = split_of(batch.target_ids)
            both = batch.has_image & batch.has_spectrum
            for name, rows in parts.items():
                keep = np.flatnonzero(both & (split == name))
                if len(keep):
                    images = prepare_images(batch.image_flux[keep], batch.image_mask[keep], model)
                    spectra = prepare_spectra(
                        batch.spectrum_flux[keep],
                        batch.spectrum_ivar[keep],
                        batch.spectrum_mask[keep],
                        model,
                    )
                    rows.append((batch.target_ids[keep], images.half(), spectra.half()))
    for name, rows in parts.items():
        if sum(len(ids) for ids, _, _ in rows) < 2:
            raise DatasetError(
                f"the dataset has fewer than 2 galaxies with image and spectrum in its {name} "
                "split; training compares pairs, so ingest more galaxies."
            )
    return {
        name: Pairs(
            np.concatenate([ids for ids, _, _ in rows]),
            torch.cat([images for _, images, _ in rows]),
            torch.cat([spectra for _, _, spectra in rows]),
        )
        for name, rows in parts.items()
    }


def augment_images(images: torch.Tensor, noise: float, generator: torch.Generator) -> torch.Tensor:
    """Each image turned and mirrored into one of its eight orientations, with a little noise.

    The sky has no up: an embedding that knew orientation would know the observer.
    """
    turned = torch.empty_like(images)
    kind = torch.randint(8, (len(images),), generator=generator)
    for code in range(8):
        rows = kind == code
        some = torch.rot90(images[rows], code % 4, (-2, -1))
        turned[rows] = some.flip(-1) if code >= 4 else some
    return turned + noise * torch.randn(images.shape, generator=generator)


def augment_spectra(tokens: torch.Tensor, drop: float, generator: torch.Generator) -> torch.Tensor:
    """A random share of the slices blanked; token 0 (scale and level) is kept."""
    blank = torch.rand(tokens.shape[:2], generator=generator) < drop
    blank[:, 0] = False
    return tokens.masked_fill(blank[..., None], 0.0)


# --- model and schedule ----------------------------------------------------------------------


def make_optimiser(model: CrossModalModel, config: AlignmentConfig) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices alone."""
    decayed = [p for p in model.parameters() if p.ndim >= 2 and min(p.shape) > 1]
    chosen = {id(p) for p in decayed}
    free = [p for p in model.parameters() if id(p) not in chosen]
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))


def learning_rate(step: int, n_steps: int, config: AlignmentConfig) -> float:
    """Linear warm-up from the first step on, then half a cosine down to zero."""
    warm_up = max(1, round(config.warm_up_share * n_steps))
    return warm_up_cosine(
        step,
        peak=config.learning_rate,
        n_steps=n_steps,
        n_warm_up=warm_up,
        start=config.learning_rate / warm_up,
        peak_ends_warm_up=True,
    )


# --- measurement -----------------------------------------------------------------------------


@torch.inference_mode()
def validate(model: CrossModalModel, pairs: Pairs) -> dict[str, float]:
    """Recall@10 of a galaxy's partner among up to 1,000 candidates, in both directions."""
    model.eval()
    rows = min(POOL, len(pairs))
    images, spectra = [], []
    for start in range(0, rows, 100):
        stop = min(start + 100, rows)
        images.append(model.image(pairs.images[start:stop].float()))
        spectra.append(model.spectrum(pairs.spectra[start:stop].float()))
    left = torch.nn.functional.normalize(torch.cat(images), dim=1)
    right = torch.nn.functional.normalize(torch.cat(spectra), dim=1)
    similarity = left @ right.T
    partner = similarity.diagonal()
    return {
        "image_to_spectrum_recall_at_10": recall_at_10(similarity, partner),
        "spectrum_to_image_recall_at_10": recall_at_10(similarity.T, partner),
        "validation_loss": float(clip_loss(left, right, model.logit_scale())),
        "n_validation": float(rows),
    }


def recall_at_10(similarity: torch.Tensor, partner: torch.Tensor) -> float:
    """Share of rows with fewer than ten others as similar as their partner (ties count against)."""
    others = (similarity >= partner[:, None]).sum(dim=1) - 1
    return float((others < 10).float().mean())


# --- the run ---------------------------------------------------------------------------------


def train(config: AlignmentConfig, dataset: Dataset, out: Path) -> Path:
    """Train and return the path of the best epoch's encoder."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    model = CrossModalModel(config.model)
    optimiser = make_optimiser(model, config)
    first, best = resume(out / "state.pt", config, dataset, model, optimiser)
    pairs = read_pairs(dataset, config.model)
    per_epoch = max(1, len(pairs["train"]) // config.batch_size)
    n_steps = per_epoch * config.epochs
    say(f"{len(pairs['train'])} training pairs, {per_epoch} steps an epoch, from epoch {first}")

    for epoch in range(first, config.epochs):
        started, losses = time.monotonic(), []
        generator = torch.Generator().manual_seed(config.seed * 100_003 + epoch)
        order = torch.randperm(len(pairs["train"]), generator=generator)
        model.train()
        steps = track(range(per_epoch), f"epoch {epoch}", console=Console(stderr=True))
        for step in steps:
            rate = learning_rate(epoch * per_epoch + step, n_steps, config)
            for group in optimiser.param_groups:
                group["lr"] = rate
            rows = order[step * config.batch_size : (step + 1) * config.batch_size]
            images = augment_images(
                pairs["train"].images[rows].float(), config.image_noise, generator
            )
            spectra = augment_spectra(
                pairs["train"].spectra[rows].float(), config.spectrum_drop, generator
            )
            loss = clip_loss(model.image(images), model.spectrum(spectra), model.logit_scale())
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.gradient_clip)
            optimiser.step()
            losses.append(float(loss.detach()))

        measured = validate(model, pairs["validation"])
        line = {"epoch": epoch, "loss": float(np.mean(losses)), **measured}
        line["scale"] = float(model.logit_scale().detach())
        line["seconds"] = time.monotonic() - started
        recall = measured["image_to_spectrum_recall_at_10"]
        if recall >= best:
            best = recall
            checkpoint.save(out / "encoder.safetensors", model, note=json.dumps(line))
        with (out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        keep(out / "state.pt", config, dataset, model, optimiser, epoch + 1, best)
        say(json.dumps(line))
    return out / "encoder.safetensors"


def keep(
    path: Path,
    config: AlignmentConfig,
    dataset: Dataset,
    model: CrossModalModel,
    optimiser: torch.optim.AdamW,
    next_epoch: int,
    best: float,
) -> None:
    """Write what continues the run, under a temporary name first."""
    state = {
        "config": json.dumps(as_table(config)),
        "dataset": dataset.digest,
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "next_epoch": next_epoch,
        "best": best,
    }
    torch.save(state, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def resume(
    path: Path,
    config: AlignmentConfig,
    dataset: Dataset,
    model: CrossModalModel,
    optimiser: torch.optim.AdamW,
) -> tuple[int, float]:
    """The epoch to go on with and the best recall so far; 0 and 0 for a new run."""
    if not path.is_file():
        return 0, 0.0
    state = torch.load(path, weights_only=True)
    if state["config"] != json.dumps(as_table(config)) or state["dataset"] != dataset.digest:
        raise ConfigError(
            f"{path} belongs to a run with another config or dataset; name another --out, or "
            "delete it to start anew."
        )
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["next_epoch"]), float(state["best"])


def say(text: str) -> None:
    """A line of the log, on stderr."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Parse, train, print the encoder's path."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, help="a TOML file, such as configs/small.toml")
    parser.add_argument("--dataset", type=Path, required=True, help="what galsearch ingest wrote")
    parser.add_argument("--out", type=Path, required=True, help="directory of the run")
    arguments = parser.parse_args()
    config = read_config(arguments.config, AlignmentConfig)
    print(train(config, open_dataset(arguments.dataset), arguments.out))


if __name__ == "__main__":
    main()
