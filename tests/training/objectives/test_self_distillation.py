"""Pairs of logits and targets, hidden patches and the moving average of the teacher."""

import dataclasses
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from galsearch.encoders.encoder_config import ImageConfig, ModelConfig, PrototypeConfig
from galsearch.encoders.network.cross_modal_model import initialise
from training.engine.processes import Processes
from training.image_pretraining_config import ImagePretrainingConfig
from training.objectives.dino_views import draw_views
from training.objectives.self_distillation import (
    DistillationNetwork,
    Logits,
    Teacher,
    distillation_loss,
    forward_views,
)

MODEL = ModelConfig(
    "tiny",
    "galsearch",
    ImageConfig(image_size=24, width=16, depth=2, n_heads=2),
    prototypes=PrototypeConfig(32, 3, 16, 8),
)


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def student() -> DistillationNetwork:
    return DistillationNetwork(initialise(MODEL, 1))


@pytest.fixture
def config() -> ImagePretrainingConfig:
    return dataclasses.replace(
        ImagePretrainingConfig(), model=MODEL, held_size=32, local_size=12, n_local=3
    )


def test_the_loss_is_the_published_one(
    recorded: Callable[[str], dict[str, Tensor]], student: DistillationNetwork
) -> None:
    record = recorded("dino_losses")
    teacher = Teacher(student)
    teacher.class_centre = record["dino_center_before"][0]
    teacher.patch_centre = record["ibot_center_before"].flatten()
    empty = torch.zeros(0)
    # The record exchanged the teacher's views beforehand; `training` exchanges them itself.
    whole = torch.cat(list(record["student_global_logits"].chunk(2)))
    own = Logits(
        whole, record["ibot_student_logits"], record["student_local_logits"], record["koleo_in"]
    )
    first, second = record["teacher_logits"].chunk(2)
    theirs = Logits(torch.cat([second, first]), record["ibot_teacher_logits"], empty, empty)
    parts = distillation_loss(
        own, theirs, teacher, record["ibot_masks"].bool(), Processes(), teacher_temperature=0.055
    )
    for name, known in (
        ("dino_global_loss", "dino_global_loss"),
        ("dino_local_loss", "dino_local_loss"),
        ("ibot_loss", "ibot_loss"),
        ("koleo_loss", "koleo_loss_weighted"),
    ):
        torch.testing.assert_close(parts[name], record[known].squeeze(), rtol=0, atol=2e-5)
    total = torch.stack(list(parts.values())).sum()
    torch.testing.assert_close(total, record["total_loss"].squeeze(), rtol=0, atol=2e-5)
    teacher.move_centres(theirs, Processes())
    after = record["dino_center_after"][0]
    torch.testing.assert_close(teacher.class_centre, after, rtol=0, atol=2e-5)


def test_a_crop_meets_the_other_crop_of_its_galaxy(student: DistillationNetwork) -> None:
    """The student's first crop of a galaxy agrees with the teacher's second: no global loss."""
    teacher = Teacher(student)
    sharp = 40 * torch.eye(32)[:8]
    first, second = sharp[:4], sharp[4:]
    theirs = Logits(torch.cat([first, second]), torch.zeros(0, 32), torch.zeros(0), torch.zeros(0))
    own = dataclasses.replace(theirs, global_crops=torch.cat([second, first]))
    same = dataclasses.replace(theirs)
    masks = torch.zeros(8, 4, dtype=torch.bool)
    options = {"teacher_temperature": 0.05, "ibot_weight": 0.0, "koleo_weight": 0.0}
    for found, expected in ((own, 0.0), (same, 400.0)):
        parts = distillation_loss(found, theirs, teacher, masks, Processes(), **options)
        assert float(parts["dino_global_loss"]) == pytest.approx(expected, abs=1e-3)


def test_hidden_patches_are_not_seen_by_the_student(
    student: DistillationNetwork, config: ImagePretrainingConfig
) -> None:
    views = draw_views(torch.rand(4, 3, 32, 32, generator=seeded()), config, None, None, 7)
    changed = views.global_crops.clone()
    pixels = student._pixel_masks(views.masks, views.global_crops).expand_as(changed)
    assert pixels.any()
    changed[pixels] = 99.0
    others = dataclasses.replace(views, global_crops=changed)
    for network_sees, equal in ((True, True), (False, False)):
        logits = [
            forward_views(student, v, student=network_sees).global_crops for v in (views, others)
        ]
        assert torch.equal(*logits) == equal


def test_the_teacher_is_an_average_of_the_past(student: DistillationNetwork) -> None:
    teacher = Teacher(student)
    before = {n: p.clone() for n, p in teacher.network.named_parameters()}
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(1.0)
    teacher.follow(student, 0.9)
    for name, weight in teacher.network.named_parameters():
        torch.testing.assert_close(weight, before[name] + 0.1)
        assert not weight.requires_grad
