"""Self-distillation of DINOv2: a student predicts its own moving average for other views.

This module combines the losses of `training.objectives.dino_losses`: it determines which logits
of the student are compared with which targets of the teacher, for a batch that may be spread over
several processes.
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
"""Number of global crops of each galaxy."""


@dataclass(frozen=True, eq=False)
class Views:
    """Prepared views (augmented crops) of B galaxies. Along the first axis comes the first view of
    all galaxies, then the second view of all, and so on.
    """

    global_crops: Tensor
    """(2 B, C, size, size) global crops: two large views of each galaxy."""
    local_crops: Tensor
    """(n B, C, small, small) local crops: n small views of each galaxy; n may be 0."""
    masks: Tensor
    """(2 B, patches) bool, True for patches of global crops that are hidden from the student."""

    def to(self, device: torch.device) -> "Views":
        """A copy of the views and masks on a device."""
        return Views(
            self.global_crops.to(device), self.local_crops.to(device), self.masks.to(device)
        )


@dataclass(frozen=True, eq=False)
class Logits:
    """Outputs of the student or the teacher for the views of B galaxies; K is the number of
    prototypes.
    """

    global_crops: Tensor
    """(2 B, K) logits of the class tokens of global crops."""
    patches: Tensor
    """(M, K) logits of the masked patches, image by image."""
    local_crops: Tensor
    """(n B, K) logits of the class tokens of local crops; empty for the teacher."""
    class_tokens: Tensor
    """(2 B, D) class tokens of global crops, before the projection head."""


class DistillationNetwork(nn.Module):
    """Network of the image backbone and DINO's projection head, which computes all views in one
    forward pass.
    """

    def __init__(self, model: CrossModalModel) -> None:
        super().__init__()
        self.backbone = model.image_encoder.backbone
        self.patch_size = model.config.image.patch_size if model.config.image else 0
        self.dino_head = model.dino_head

    def forward(
        self, global_crops: Tensor, local_crops: Tensor, masks: Tensor, *, hide: bool
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits of global crops (2 B, K), of masked patches (M, K) and of local crops (n B, K),
        and the class tokens (2 B, D): the fields of `Logits`, in their order.

        Parameters
        ----------
        hide
            True: the patches of `masks` are hidden (student). False: their logits are computed
            from the unmasked image (teacher). Their pixels are set to 0 too, because a
            convolutional stem sees beyond the edge of a patch.
        """
        if hide:
            global_crops = global_crops.masked_fill(self._pixel_masks(masks, global_crops), 0.0)
        tokens = self.backbone(global_crops, masks if hide else None)  # (2 B, 1 + N, D)
        class_tokens = tokens[:, 0]
        classes = [class_tokens]
        if len(local_crops):
            classes.append(self.backbone(local_crops)[:, 0])
        logits = self.dino_head(torch.cat([*classes, tokens[:, 1:][masks]]))
        n_global, n_local = len(global_crops), len(local_crops)
        of_global, of_local, of_patches = logits.tensor_split([n_global, n_global + n_local])
        return of_global, of_patches, of_local, class_tokens

    def _pixel_masks(self, masks: Tensor, pixels: Tensor) -> Tensor:
        """(B, 1, H, W) bool, True for pixels of the patches that are masked in `masks` (B,
        patches).
        """
        patch = self.patch_size
        rows, columns = pixels.shape[-2] // patch, pixels.shape[-1] // patch
        grid = masks.view(len(masks), 1, rows, columns)
        return grid.repeat_interleave(patch, 2).repeat_interleave(patch, 3)


class Teacher(nn.Module):
    """The teacher network: its weights are a moving average of the student's. It holds the running
    means by which its logits are centred.
    """

    def __init__(self, student: DistillationNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(student).requires_grad_(requires_grad=False).eval()
        # A row of weights for each prototype; the centres are on the device of the student.
        (rows,) = student.dino_head.last_layer.weight_g.detach().T
        self.register_buffer("class_centre", torch.zeros_like(rows))
        self.register_buffer("patch_centre", torch.zeros_like(rows))
        self.class_centre: Tensor
        self.patch_centre: Tensor

    @torch.no_grad()
    def follow(self, student: nn.Module, momentum: float) -> None:
        """Move every weight of the teacher towards the student's, by the fraction 1 - momentum."""
        weights: Mapping[str, Any] = dict(student.named_parameters())
        for name, weight in self.network.named_parameters():
            weight.lerp_(weights[name].detach(), 1 - momentum)

    @torch.no_grad()
    def move_centres(self, logits: Logits, processes: Processes) -> None:
        """Update the running means of the teacher's logits with those of the whole batch, over all
        processes.
        """
        mean = processes.mean(logits.global_crops.mean(0))
        self.class_centre = moved_centre(self.class_centre, mean[None])
        n_patches = processes.total(logits.patches.new_tensor(float(len(logits.patches))))
        if n_patches > 0:
            mean = processes.total(logits.patches.sum(0)) / n_patches
            self.patch_centre = moved_centre(self.patch_centre, mean[None])


def forward_views(
    network: nn.Module, views: Views, *, student: bool, low_precision: bool = False
) -> Logits:
    """Logits and class tokens, in float32, of the student or the teacher network for a batch of
    views.

    Parameters
    ----------
    network
        A `DistillationNetwork`, possibly wrapped by `Processes.parallel`.
    views
        The views of a batch.
    student
        True: all views with hidden patches. False (teacher): global crops without hidden patches.
    low_precision
        Compute matrix products in bfloat16.
    """
    device_type = views.global_crops.device.type
    local_crops = views.local_crops if student else views.local_crops[:0]
    with torch.autocast(device_type, torch.bfloat16, enabled=low_precision):
        parts = network(views.global_crops, local_crops, views.masks, hide=student)
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
    """The weighted terms (scalars) of the self-distillation loss by name; their sum is the loss.

    A global crop of the student is compared with the teacher's output for the other global crop, a
    local crop with the outputs for both. The DINO terms are divided by their number, 2 + 2 n for n
    local crops. KoLeo acts on each of the two sets of global class tokens, over all processes
    together.

    Parameters
    ----------
    student, teacher
        Logits of both networks.
    teacher_state
        The teacher with the running means of its logits.
    masks
        The patch masks of the views.
    processes
        The processes of the run.
    teacher_temperature, student_temperature
        Temperatures of the softmax of the teacher's and of the student's logits.
    ibot_weight, koleo_weight
        Weights of the iBOT term (masked patches) and of the KoLeo regulariser.
    """
    targets = centred_targets(teacher.global_crops, teacher_state.class_centre, teacher_temperature)
    first, second = targets.chunk(N_GLOBAL)
    n_local = len(student.local_crops) // len(first)
    n_terms = N_GLOBAL + N_GLOBAL * n_local
    exchanged = torch.cat([second, first])
    parts = {
        "dino_global_loss": N_GLOBAL
        * dino_loss([student.global_crops], [exchanged], temperature=student_temperature)
        / n_terms
    }
    if n_local:
        local = list(student.local_crops.chunk(n_local))
        parts["dino_local_loss"] = (
            dino_loss(local, [first, second], temperature=student_temperature) / n_terms
        )
    if ibot_weight:
        wanted = centred_targets(teacher.patches, teacher_state.patch_centre, teacher_temperature)
        parts["ibot_loss"] = ibot_weight * ibot_loss(
            student.patches, wanted, masks, temperature=student_temperature
        )
    if koleo_weight:
        class_tokens = [processes.gather(some) for some in student.class_tokens.chunk(N_GLOBAL)]
        parts["koleo_loss"] = (
            koleo_weight * torch.stack([koleo_loss(some) for some in class_tokens]).sum()
        )
    return parts
