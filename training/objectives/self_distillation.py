"""DINOv2's learning signal: a student matches what its own moving average makes of other views.

The losses are those of `training.objectives.dino_losses`; here is which logits meet which
targets, for a batch that may lie in several processes.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from galsearch.encoders.network.cross_modal_model import CrossModalModel
from training.engine.processes import Processes
from training.objectives.dino_losses import (
    centred_targets,
    dino_loss,
    ibot_loss,
    koleo_loss,
    moved_centre,
)

N_GLOBAL = 2


@dataclass(frozen=True, eq=False)
class Views:
    """Prepared views of B galaxies; all of the first kind, then all of the second and so on."""

    whole: Tensor
    """(2 B, C, size, size), global crops."""
    local: Tensor
    """(n B, C, small, small), local crops; n may be 0."""
    masks: Tensor
    """(2 B, patches) bool, what the student does not see of the global crops."""

    def to(self, device: torch.device) -> "Views":
        """The same views on a device."""
        return Views(self.whole.to(device), self.local.to(device), self.masks.to(device))


@dataclass(frozen=True, eq=False)
class Logits:
    """What a network makes of views."""

    whole: Tensor
    """(2 B, K) of the class tokens of global crops."""
    patches: Tensor
    """(M, K) of the masked patches, image by image."""
    local: Tensor
    """(n B, K) of the class tokens of local crops; empty for the teacher."""
    class_tokens: Tensor
    """(2 B, D), before the projection head."""


class DistillationNetwork(nn.Module):
    """The image backbone and DINO's projection head, one forward pass for all views."""

    def __init__(self, model: CrossModalModel) -> None:
        super().__init__()
        self.backbone = model.image_encoder.backbone
        self.patch_size = model.config.image.patch_size if model.config.image else 0
        self.dino_head = model.dino_head

    def forward(
        self, whole: Tensor, local: Tensor, masks: Tensor, *, hide: bool
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The fields of `Logits`, in their order.

        Parameters
        ----------
        hide
            Whether the patches of `masks` are hidden (student) or only looked at (teacher). Their
            pixels are hidden too: a stem that looks over a patch's edge must not see them.
        """
        if hide:
            whole = whole.masked_fill(self._as_pixels(masks, whole), 0.0)
        tokens = self.backbone(whole, masks if hide else None)  # (2 B, 1 + N, D)
        class_tokens = tokens[:, 0]
        classes = [class_tokens]
        if len(local):
            classes.append(self.backbone(local)[:, 0])
        logits = self.dino_head(torch.cat([*classes, tokens[:, 1:][masks]]))
        n_whole, n_local = len(whole), len(local)
        whole_logits = logits[:n_whole]
        local_logits = logits[n_whole : n_whole + n_local]
        return whole_logits, logits[n_whole + n_local :], local_logits, class_tokens

    def _as_pixels(self, masks: Tensor, pixels: Tensor) -> Tensor:
        """(B, 1, H, W) bool."""
        patch = self.patch_size
        rows, columns = pixels.shape[-2] // patch, pixels.shape[-1] // patch
        grid = masks.view(len(masks), 1, rows, columns)
        return grid.repeat_interleave(patch, 2).repeat_interleave(patch, 3)


class Teacher(nn.Module):
    """The student's moving average, and the centres of its logits."""

    def __init__(self, student: DistillationNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(student).requires_grad_(requires_grad=False).eval()
        n_prototypes = student.dino_head.last_layer.weight_g.shape[0]
        self.register_buffer("class_centre", torch.zeros(n_prototypes))
        self.register_buffer("patch_centre", torch.zeros(n_prototypes))
        self.class_centre: Tensor
        self.patch_centre: Tensor

    @torch.no_grad()
    def follow(self, student: nn.Module, momentum: float) -> None:
        """Move every weight a little towards the student's."""
        theirs: Mapping[str, Any] = dict(student.named_parameters())
        for name, weight in self.network.named_parameters():
            weight.lerp_(theirs[name].detach(), 1 - momentum)

    @torch.no_grad()
    def move_centres(self, logits: Logits, processes: Processes) -> None:
        """Take in the mean logits of the whole batch, of all processes."""
        mean = processes.mean(logits.whole.mean(0))
        self.class_centre = moved_centre(self.class_centre, mean[None])
        n_patches = processes.total(logits.patches.new_tensor(float(len(logits.patches))))
        if n_patches > 0:
            mean = processes.total(logits.patches.sum(0)) / n_patches
            self.patch_centre = moved_centre(self.patch_centre, mean[None])


def see(network: nn.Module, views: Views, *, student: bool, low_precision: bool = False) -> Logits:
    """What a network makes of views, in float32: the student sees all, the teacher global crops."""
    device_type = views.whole.device.type
    local = views.local if student else views.local[:0]
    with torch.autocast(device_type, torch.bfloat16, enabled=low_precision):
        parts = network(views.whole, local, views.masks, hide=student)
    return Logits(*(part.float() for part in parts))


def distillation_loss(
    student: Logits,
    teacher: Logits,
    teacher_state: Teacher,
    masks: Tensor,
    processes: Processes,
    *,
    teacher_temperature: float,
    student_temperature: float = 0.1,
    ibot_weight: float = 1.0,
    koleo_weight: float = 0.1,
) -> dict[str, Tensor]:
    """The parts of the loss, weighted, by name; their sum is what is learned from.

    A global crop of the student meets the teacher's view of the other global crop, a local crop
    meets both; the DINO terms are divided by their number, 2 + 2 n. KoLeo acts on each set of
    global class tokens, of all processes together.
    """
    targets = centred_targets(teacher.whole, teacher_state.class_centre, teacher_temperature)
    first, second = targets.chunk(N_GLOBAL)
    n_local = len(student.local) // len(first)
    n_terms = N_GLOBAL + N_GLOBAL * n_local
    exchanged = torch.cat([second, first])
    parts = {
        "dino_global_loss": N_GLOBAL
        * dino_loss([student.whole], [exchanged], temperature=student_temperature)
        / n_terms
    }
    if n_local:
        local = list(student.local.chunk(n_local))
        parts["dino_local_loss"] = (
            dino_loss(local, [first, second], temperature=student_temperature) / n_terms
        )
    if ibot_weight:
        wanted = centred_targets(teacher.patches, teacher_state.patch_centre, teacher_temperature)
        parts["ibot_loss"] = ibot_weight * ibot_loss(
            student.patches, wanted, masks, temperature=student_temperature
        )
    if koleo_weight:
        crowds = [processes.gather(some) for some in student.class_tokens.chunk(N_GLOBAL)]
        parts["koleo_loss"] = koleo_weight * torch.stack([koleo_loss(c) for c in crowds]).sum()
    return parts
