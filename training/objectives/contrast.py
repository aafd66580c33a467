"""The contrastive loss of a whole batch, wherever its parts are: in other processes, in parts of
an accumulated batch, or in a queue of earlier batches.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.engine.processes import Processes, silent
from training.objectives.clip_loss import clip_logits, clip_loss

Part = tuple[Tensor, Tensor]
"""Inputs of the image tower and of the spectrum tower, row i of both one galaxy."""
Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""(B, E) images, (B, E) spectra, the scale and (B,) the galaxies' row numbers -> a loss."""
Held = tuple[Tensor, Tensor, Tensor]
"""(n, E) images, (n, E) spectra and (n,) their galaxies' row numbers."""


class Queue:
    """Embeddings of earlier steps, as further candidates that a galaxy is told apart from.

    They come from slightly older weights and get no gradient (He et al. 2020, MoCo, here without
    a momentum encoder: keep the queue short).
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.held: Held | None = None

    def push(self, image: Tensor, spectrum: Tensor, galaxy: Tensor) -> None:
        """Take in a batch; the oldest leave."""
        rows = [image.detach(), spectrum.detach(), galaxy]
        if self.held is not None:
            rows = [torch.cat(pair) for pair in zip(self.held, rows, strict=True)]
        image, spectrum, galaxy = (some[-self.size :].clone() for some in rows)
        self.held = image, spectrum, galaxy

    def state_dict(self) -> dict[str, Any]:
        """What continues it."""
        return {"held": self.held}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another one was."""
        self.held = state["held"]


def contrastive_loss(
    image: Tensor, spectrum: Tensor, scale: Tensor, galaxy: Tensor, queue: Queue | None = None
) -> Tensor:
    """InfoNCE in both directions; `clip_loss` where there is no queue.

    Parameters
    ----------
    image, spectrum : (B, E)
        Of the joined batch.
    galaxy : (B,)
        Row numbers: a galaxy's own earlier embedding is no negative.
    """
    if queue is None or queue.held is None:
        return clip_loss(image, spectrum, scale)
    older_image, older_spectrum, older_galaxy = (rows.to(image.device) for rows in queue.held)
    own = galaxy[:, None] == older_galaxy
    truth = torch.arange(len(image), device=image.device)
    losses = []
    for rows, columns, older in (
        (image, spectrum, older_spectrum),
        (spectrum, image, older_image),
    ):
        earlier = clip_logits(rows, older, scale).masked_fill(own, -torch.inf)
        logits = torch.cat([clip_logits(rows, columns, scale), earlier], dim=1)
        losses.append(functional.cross_entropy(logits, truth))
    return torch.stack(losses).mean()


def contrastive_step(
    towers: nn.Module,
    parts: Sequence[Part],
    galaxy: Tensor,
    processes: Processes,
    loss_of: Loss = contrastive_loss,
    *,
    precision: str = "fp32",
) -> tuple[Tensor, Tensor]:
    """Gradients of the loss of the joined batch in `towers`; the loss, and the scale it used.

    A batch in one part goes through once. In several parts it goes through twice: first for the
    embeddings and what the loss wants of each, then, part by part, to carry that to the weights
    (GradCache, Gao et al. 2021). The gradient is that of the whole batch, with all its negatives.

    Parameters
    ----------
    towers
        Gives (images, spectra) -> embeddings of both and the scale; its gradients are averaged
        over processes where it was made by `Processes.parallel`.
    parts
        This process's share of the batch.
    galaxy : (B,)
        Row numbers of the joined batch, in order of processes.
    loss_of
        Of the joined batch. What it learns itself gets the same gradient in every process.
    """
    device = processes.device

    def embed(part: Part) -> tuple[Tensor, Tensor, Tensor]:
        low = precision == "bf16"
        with torch.autocast(device.type, torch.bfloat16, enabled=low):
            image, spectrum, scale = towers(part[0].to(device), part[1].to(device))
        return image.float(), spectrum.float(), scale

    def joined_loss(image: Tensor, spectrum: Tensor, scale: Tensor) -> Tensor:
        return loss_of(processes.gather(image), processes.gather(spectrum), scale, galaxy)

    if len(parts) == 1:
        image, spectrum, scale = embed(parts[0])
        loss = joined_loss(image, spectrum, scale)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), scale.detach()

    draws, embedded = [], []
    with torch.no_grad():
        for part in parts:
            draws.append(_random_state(device))
            embedded.append(embed(part))
    image = torch.cat([part[0] for part in embedded]).requires_grad_()
    spectrum = torch.cat([part[1] for part in embedded]).requires_grad_()
    scale = embedded[0][2].clone().requires_grad_()
    loss = joined_loss(image, spectrum, scale)
    loss.backward()  # type: ignore[no-untyped-call]
    # Parts are of equal size.
    pieces = _gradient(image).chunk(len(parts)), _gradient(spectrum).chunk(len(parts))
    wanted = zip(*pieces, strict=True)
    for number, (part, (for_image, for_spectrum)) in enumerate(zip(parts, wanted, strict=True)):
        is_last = number == len(parts) - 1
        with silent(towers, last=is_last):
            _set_random_state(device, draws[number])
            found_image, found_spectrum, found_scale = embed(part)
            carried = (found_image * for_image).sum() + (found_spectrum * for_spectrum).sum()
            if found_scale.requires_grad:
                # The scale is the same in every part: its whole gradient goes with the last.
                carried = carried + found_scale * (_gradient(scale) if is_last else 0.0)
            carried.backward()  # type: ignore[no-untyped-call]
    return loss.detach(), scale.detach()


def _gradient(tensor: Tensor) -> Tensor:
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


def _random_state(device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Of the generators that dropout draws from."""
    gpu = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return torch.get_rng_state(), gpu


def _set_random_state(device: torch.device, state: tuple[Tensor, Tensor | None]) -> None:
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1], device)
