"""The losses of self-distillation give the recorded numbers."""

from collections.abc import Callable

import torch
from torch import Tensor

from tests.reference.parity import assert_agrees
from tests.reference.sinkhorn import sinkhorn_targets
from training.objectives.dino_losses import (
    centred_targets,
    dino_loss,
    ibot_loss,
    koleo_loss,
    moved_centre,
)

Recorded = Callable[[str], dict[str, Tensor]]
TEACHER_TEMPERATURE = 0.055


def test_self_distillation(recorded: Recorded) -> None:
    record = recorded("dino_losses")
    centre = record["dino_center_before"]
    targets = centred_targets(record["teacher_logits"], centre, TEACHER_TEMPERATURE)
    probabilities = record["dino_teacher_probs"]
    assert_agrees(targets.view(2, 4, -1), probabilities)
    assert_agrees(moved_centre(centre, record["teacher_logits"]), record["dino_center_after"])
    views = list(probabilities)
    n_terms = 2 + 2 * 8
    local = dino_loss(list(record["student_local_logits"].chunk(8)), views) / n_terms
    assert_agrees(local, record["dino_local_loss"])
    # The record holds the teacher's views exchanged: each crop meets the other one's target.
    exchanged = probabilities.flatten(0, 1)
    both = 2 * dino_loss([record["student_global_logits"]], [exchanged]) / n_terms
    assert_agrees(both, record["dino_global_loss"])
    total = local + both + record["ibot_loss"] + record["koleo_loss_weighted"]
    assert_agrees(total, record["total_loss"])


def test_sinkhorns_targets(recorded: Recorded) -> None:
    record = recorded("dino_losses")
    found = sinkhorn_targets(record["teacher_logits"], TEACHER_TEMPERATURE)
    assert_agrees(found, record["sinkhorn_teacher_probs"])
    assert_agrees(found.sum(1), torch.ones(8))


def test_masked_patches(recorded: Recorded) -> None:
    record = recorded("dino_losses")
    centre = record["ibot_center_before"]
    targets = centred_targets(record["ibot_teacher_logits"], centre[0], TEACHER_TEMPERATURE)
    assert_agrees(targets, record["ibot_teacher_probs"])
    assert_agrees(moved_centre(centre, record["ibot_teacher_logits"]), record["ibot_center_after"])
    masks = record["ibot_masks"].bool()
    assert_agrees(ibot_loss(record["ibot_student_logits"], targets, masks), record["ibot_loss"])


def test_spreading_out(recorded: Recorded) -> None:
    record = recorded("dino_losses")
    found = 0.1 * sum(koleo_loss(chunk) for chunk in record["koleo_in"].chunk(2))
    assert_agrees(torch.as_tensor(found), record["koleo_loss_weighted"])
