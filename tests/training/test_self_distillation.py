"""Which logits meet which targets; what is hidden; how the teacher follows."""

import dataclasses
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from galsearch.encoders.encoder_config import ImageConfig, ModelConfig, PrototypeConfig
from galsearch.encoders.network.cross_modal_model import initialise
from training.augment.patch_masks import draw_patch_masks
from training.engine.processes import Processes
from training.image_pretraining import ImagePretrainingConfig, schedules
from training.objectives.dino_views import draw_views
from training.objectives.drop_path import add_drop_path
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
    # The record exchanged the teacher's views beforehand; ours exchanges them itself.
    whole = torch.cat(list(record["student_global_logits"].chunk(2)))
    ours = Logits(
        whole, record["ibot_student_logits"], record["student_local_logits"], record["koleo_in"]
    )
    first, second = record["teacher_logits"].chunk(2)
    theirs = Logits(torch.cat([second, first]), record["ibot_teacher_logits"], empty, empty)
    parts = distillation_loss(
        ours, theirs, teacher, record["ibot_masks"].bool(), Processes(), teacher_temperature=0.055
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
    ours = dataclasses.replace(theirs, global_crops=torch.cat([second, first]))
    same = dataclasses.replace(theirs)
    masks = torch.zeros(8, 4, dtype=torch.bool)
    options = {"teacher_temperature": 0.05, "ibot_weight": 0.0, "koleo_weight": 0.0}
    for found, expected in ((ours, 0.0), (same, 400.0)):
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


def test_views_have_the_shapes_of_their_kinds(config: ImagePretrainingConfig) -> None:
    raw = torch.rand(4, 3, 32, 32, generator=seeded())
    views = draw_views(raw, config, None, None, 7)
    assert views.global_crops.shape == (8, 3, 24, 24)
    assert views.local_crops.shape == (12, 3, 12, 12)
    assert views.masks.shape == (8, 4)
    again = draw_views(raw, config, None, None, 7)
    assert torch.equal(views.global_crops, again.global_crops)
    assert torch.equal(views.local_crops, again.local_crops)
    assert not torch.equal(views.global_crops, draw_views(raw, config, None, None, 8).global_crops)
    none = draw_views(raw, dataclasses.replace(config, n_local=0), None, None, 7)
    assert none.local_crops.shape == (0, 3, 12, 12)


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


@given(
    st.integers(1, 12), st.integers(3, 12), st.floats(0, 1), st.floats(0.1, 0.3), st.integers(0, 99)
)
def test_masks_hide_no_more_than_the_largest_share(
    n: int, side: int, probability: float, low: float, seed: int
) -> None:
    high = low + 0.2
    masks = draw_patch_masks(
        n, side, probability=probability, ratio=(low, high), generator=seeded(seed)
    )
    assert masks.shape == (n, side * side)
    assert masks.sum(1).max() <= round(high * side * side)
    assert (masks.any(1)).sum() <= round(n * probability)


def test_masks_reach_their_shares_in_rectangles() -> None:
    masks = draw_patch_masks(400, 12, probability=0.5, ratio=(0.1, 0.5), generator=seeded())
    shares = masks.float().mean(1)[masks.any(1)].sort().values
    assert len(shares) == 200
    wanted = torch.linspace(0.1, 0.5, 200)
    assert float((shares - wanted).abs().mean()) < 0.02
    grid = masks[masks.any(1)].view(-1, 12, 12)
    beside = (grid[:, 1:] & grid[:, :-1]).sum() / grid[:, 1:].sum()
    assert beside > 0.6  # 0.3 if patches were hidden one by one


def test_a_residual_branch_is_left_out_as_often_as_asked(student: DistillationNetwork) -> None:
    images = torch.randn(400, 3, 24, 24, generator=seeded())
    whole = student.backbone(images)
    block = student.backbone.blocks[0]["0"]
    seen = []
    block.attn.register_forward_hook(lambda _, __, out: seen.append(out))
    add_drop_path(student.backbone, 0.3)
    block.attn.register_forward_hook(lambda _, __, out: seen.append(out))
    torch.manual_seed(1)
    student.train()
    student.backbone(images)
    before, after = seen
    kept = after.flatten(1).any(1)
    assert 0.62 < float(kept.float().mean()) < 0.78
    torch.testing.assert_close(after[kept], before[kept] / 0.7)
    student.eval()
    torch.testing.assert_close(student.backbone(images), whole)


def test_schedules_begin_and_end_as_asked(config: ImagePretrainingConfig) -> None:
    assert schedules(0, 1000, config) == pytest.approx((0.992, 0.04, config.weight_decay))
    assert schedules(149, 1000, config)[1] == pytest.approx(0.07)
    momentum, temperature, decay = schedules(1000, 1000, config)
    assert (momentum, temperature, decay) == (1.0, 0.07, config.final_weight_decay)
