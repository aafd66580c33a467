"""Two processes with half a batch each give the loss and gradients of one process."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn

from galsearch.encoders.encoder_config import (
    HeadConfig,
    ImageConfig,
    ModelConfig,
    PrototypeConfig,
    SpectrumConfig,
)
from galsearch.encoders.network.cross_modal_model import initialise
from galsearch.encoders.preprocess.prepare import prepare_spectra
from tests.training.conftest import run_stage
from training import image_pretraining
from training.engine.processes import Processes
from training.image_pretraining_config import ImagePretrainingConfig
from training.objectives import dino_views as image_views
from training.objectives.contrastive_step import EmbeddingQueue, contrastive_step
from training.objectives.masked_spectra import objective_for
from training.objectives.pair_encoders import PairEncoders
from training.objectives.pair_loss import PairLoss
from training.objectives.reconstructor import Reconstructor, reconstruction_loss
from training.objectives.redshift_head import redshift_loss
from training.objectives.self_distillation import DistillationNetwork, Teacher

N_GALAXIES = 8

pytestmark = pytest.mark.timeout(600)  # two processes start and load torch

IMAGE = ImageConfig(image_size=24, width=16, depth=2, n_heads=2)

SPECTRUM = SpectrumConfig(n_templates=2, width=16, depth=1, n_heads=2)

HEAD = HeadConfig(width=16, n_heads=2, dropout=0.0, standardise=True)

BOTH = ModelConfig(
    "tiny", "galsearch", IMAGE, SPECTRUM, HEAD, HEAD, learned_scale=True, logit_scale=9.0
)

DISTILLED = ModelConfig("tiny", "galsearch", IMAGE, prototypes=PrototypeConfig(32, 3, 16, 8))

MASKED = ModelConfig("tiny", "galsearch", spectrum=SPECTRUM)

Result = tuple[float, dict[str, Tensor]]


def gradients(module: nn.Module) -> dict[str, Tensor]:
    return {n: p.grad.clone() for n, p in module.named_parameters() if p.grad is not None}


def spectra(n: int) -> Tensor:
    rng = np.random.default_rng(3)
    flux = rng.normal(2, 1, (n, SPECTRUM.n_pixels))
    ivar = rng.random((n, SPECTRUM.n_pixels))
    return prepare_spectra(flux, ivar, None, MASKED)


def align(processes: Processes, n_parts: int = 1) -> Result:
    """One step of alignment with a queue that has taken in a batch."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(N_GALAXIES, 3, 24, 24, generator=generator)
    encoders = PairEncoders(initialise(BOTH, 1), ())
    queue = EmbeddingQueue(6)
    older = torch.randn(2, 6, 16, generator=generator)
    queue.push(older[0], older[1], torch.tensor([0, 1, 50, 51, 52, 53]))
    mine = [processes.share(x).chunk(n_parts) for x in (images, spectra(N_GALAXIES))]
    parts = list(zip(*mine, strict=True))
    parallel = processes.parallel(encoders)
    z = torch.linspace(0.1, 0.8, N_GALAXIES)
    torch.manual_seed(3)
    pair_loss = PairLoss(encoders.model, queue, z, 0.5)
    loss, _ = contrastive_step(parallel, parts, torch.arange(N_GALAXIES), processes, pair_loss)
    assert queue.held is not None
    learnt = {name: value for name, value in encoders.model.named_buffers() if "standard" in name}
    assert len(learnt) == 4
    of_loss = {f"loss.{name}": value for name, value in gradients(pair_loss).items()}
    return float(loss), {**gradients(encoders), **of_loss, **learnt, "queue": queue.held[0]}


def distil(processes: Processes) -> Result:
    """One step of self-distillation, its views sampled for the whole batch."""
    config = dataclasses.replace(
        ImagePretrainingConfig(),
        model=DISTILLED, local_size=12, n_local=2, held_size=32,
    )  # fmt: skip
    raw = torch.randn(N_GALAXIES, 3, 32, 32, generator=torch.Generator().manual_seed(5)) * 0.05
    views = image_views.draw_views(raw, config, None, None, 11)

    def share(rows: Tensor) -> Tensor:
        """Mine of every kind of view."""
        return torch.cat([processes.share(kind) for kind in rows.split(N_GALAXIES)])

    views = type(views)(share(views.global_crops), share(views.local_crops), share(views.masks))
    student = DistillationNetwork(initialise(DISTILLED, 1))
    teacher = Teacher(student)
    with torch.no_grad():
        for weight in teacher.network.parameters():
            weight.mul_(1.1)
    parallel = processes.parallel(student)
    parts = image_pretraining.distillation_step(parallel, teacher, views, config, 0.05, processes)
    centres = {"class": teacher.class_centre, "patch": teacher.patch_centre}
    return sum(parts.values()), {**gradients(student), **centres}


def reconstruct(processes: Processes) -> Result:
    """One step of masked modelling with redshifts, its stretches sampled for the whole batch."""
    objective = objective_for(MASKED, n_stretches=6, share=0.4, published=False)
    masked = objective.mask(spectra(N_GALAXIES), torch.Generator().manual_seed(2))
    mine = type(masked)(
        *(processes.share(x) for x in (masked.inputs, masked.target, masked.weights))
    )
    reconstructor = Reconstructor(initialise(MASKED, 1))
    parallel = processes.parallel(reconstructor)
    loss, odds = reconstruction_loss(parallel, objective, mine)
    z = processes.share(torch.linspace(0.1, 1.5, N_GALAXIES))
    loss = loss + redshift_loss(odds, z, reconstructor.spectrum_backbone.templates.bin_width)
    loss.backward()
    return float(processes.mean(loss)), gradients(reconstructor)


STEPS: dict[str, Callable[[Processes], Result]] = {
    "alignment": align,
    "image_pretraining": distil,
    "spectrum_pretraining": reconstruct,
}


def in_one_of_two(rank: int, folder: str) -> None:
    """Run all steps in one of two processes, and save the results."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    processes = Processes(rank, 2)
    found = {name: step(processes) for name, step in STEPS.items()}
    found["alignment in parts"] = align(processes, n_parts=2)
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Result]]:
    folder = tmp_path_factory.mktemp("gloo")
    mp.spawn(in_one_of_two, (str(folder),), nprocs=2)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


IN_PARTS = 5e-5
"""Convolutions sum a part of two galaxies in another order than a batch of eight."""


def agree(found: Tensor, expected: Tensor, name: str, within: float = 1e-5) -> None:
    """Within a share of the largest number, or of 1 where none is above."""
    largest = max(1.0, float(expected.abs().max()))
    torch.testing.assert_close(found, expected, rtol=within, atol=within * largest, msg=name)


@pytest.mark.parametrize("name", [*STEPS, "alignment in parts"])
def test_two_processes_are_one(two_processes: list[dict[str, Result]], name: str) -> None:
    loss, expected = STEPS[name.removesuffix(" in parts")](Processes())
    assert len(expected) > 10
    assert any(gradient.abs().max() > 1e-2 for gradient in expected.values())
    for found in two_processes:
        their_loss, theirs = found[name]
        assert their_loss == pytest.approx(loss, abs=1e-5)
        assert theirs.keys() >= expected.keys()
        for key, gradient in expected.items():
            agree(theirs[key], gradient, key, IN_PARTS if "in parts" in name else 1e-5)


def test_a_batch_in_parts_is_the_batch() -> None:
    loss, expected = align(Processes())
    for n_parts in (2, 4):
        in_parts, theirs = align(Processes(), n_parts)
        assert in_parts == pytest.approx(loss, abs=1e-5)
        for key, gradient in expected.items():
            agree(theirs[key], gradient, key, IN_PARTS)


def test_dropout_falls_alike_in_both_passes_of_a_part() -> None:
    config = dataclasses.replace(BOTH, image_head=dataclasses.replace(HEAD, dropout=0.5))
    images, tokens = torch.randn(2, 3, 24, 24), spectra(2)
    encoders = PairEncoders(initialise(config, 1), ()).train()
    seen = []
    encoders.register_forward_hook(lambda _, __, out: seen.append(out[0].detach()))
    parts = [(images[:1], tokens[:1]), (images[1:], tokens[1:])]
    contrastive_step(encoders, parts, torch.arange(2), Processes())
    assert len(seen) == 4
    # Without gradients attention is computed otherwise, to the last digits.
    torch.testing.assert_close(seen[0], seen[2])
    torch.testing.assert_close(seen[1], seen[3])


def test_torchrun_trains_and_one_process_goes_on(
    learning_set: Path, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    config = write_config("alignment", "n_steps = 4\nbatch_size = 8\naccumulate = 2\nlog_steps = 1")
    out = tmp_path / "run"
    run_stage("alignment", config, "--dataset", learning_set, "--out", out, processes=2)
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4]
    assert (out / "encoder.safetensors").is_file()
    assert run_stage("alignment", "--dataset", learning_set, "--out", out).stdout == (
        f"{out / 'encoder.safetensors'}\n"
    )
