"""Contrastive loss and gradients of a batch that is spread over processes, parts and a queue, and
the optimiser step that follows from them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.engine.optimiser import clip_gradient, learning_rate, set_rates
from training.engine.processes import Processes, without_gradient_sync
from training.engine.stage_config import StageConfig
from training.engine.training_run import LogValues
from training.objectives.clip_loss import clip_logits, clip_loss

Part = tuple[Tensor, Tensor]
"""Inputs of the image encoder and of the spectrum encoder; row i of both is one galaxy."""
Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""Loss from (B, E) images, (B, E) spectra, the scale and (B,) row numbers of the galaxies."""
QueuedEmbeddings = tuple[Tensor, Tensor, Tensor]
"""(n, E) images, (n, E) spectra and (n,) row numbers of their galaxies."""


class EmbeddingQueue:
    """Embeddings of earlier steps that serve as additional negatives (He et al. 2020, MoCo).

    The queued embeddings come from slightly older weights and get no gradient. There is no momentum
    encoder, so the queue should be short.

    Parameters
    ----------
    size
        Largest number of galaxies in the queue.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.held: QueuedEmbeddings | None = None

    def push(self, image: Tensor, spectrum: Tensor, galaxy: Tensor) -> None:
        """Add the embeddings (B, E) of a batch with the row numbers of its galaxies (B,), and
        remove the oldest galaxies beyond the size of the queue.
        """
        rows = [image.detach(), spectrum.detach(), galaxy]
        if self.held is not None:
            rows = [torch.cat(pair) for pair in zip(self.held, rows, strict=True)]
        image, spectrum, galaxy = (some[-self.size :].clone() for some in rows)
        self.held = image, spectrum, galaxy

    def state_dict(self) -> dict[str, Any]:
        """The embeddings in the queue, for the saved state of a run."""
        return {"held": self.held}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Fill the queue from a state that `state_dict` returned."""
        self.held = state["held"]


def contrastive_loss(
    image: Tensor,
    spectrum: Tensor,
    scale: Tensor,
    galaxy: Tensor,
    queue: EmbeddingQueue | None = None,
) -> Tensor:
    """InfoNCE loss in both directions, with the embeddings of a queue as additional negatives.

    Without a queue it is `clip_loss`.

    Parameters
    ----------
    image, spectrum : (B, E)
        Embeddings of the joined batch.
    scale
        Multiplies the cosines.
    galaxy : (B,)
        Row numbers of the galaxies. An earlier embedding of the same galaxy is not a negative.
    queue
        Embeddings of earlier steps.
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
    encoders: nn.Module,
    parts: Sequence[Part],
    galaxy: Tensor,
    processes: Processes,
    loss_of: Loss = contrastive_loss,
    *,
    precision: str = "fp32",
) -> tuple[Tensor, Tensor]:
    """Add the gradients of the contrastive loss of a batch that is joined from all processes and
    parts; returns the loss and its scale, without gradient.

    A batch in one part goes through the encoders once. A batch in several parts goes through
    twice: first without gradients, for the embeddings and the gradient of the loss with respect
    to each of them; then part by part, to propagate these gradients to the weights (GradCache,
    Gao et al. 2021). The gradient is that of the whole batch with all its negatives.

    Parameters
    ----------
    encoders
        Network from (images, spectra) to the embeddings of both and the scale. Its gradients are
        averaged over processes where it was made by `Processes.parallel`.
    parts
        The parts of this process's share of the batch, of equal size.
    galaxy : (B,)
        Row numbers of the joined batch, in order of processes.
    processes
        The processes of the run.
    loss_of
        The loss of the joined batch. Its own parameters get the same gradient in every process.
    precision
        `bf16` for matrix products in bfloat16.
    """
    device = processes.device

    def embed(part: Part) -> tuple[Tensor, Tensor, Tensor]:
        low = precision == "bf16"
        with torch.autocast(device.type, torch.bfloat16, enabled=low):
            image, spectrum, scale = encoders(part[0].to(device), part[1].to(device))
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
    # The gradients can be cut into equal pieces, because the parts are of equal size.
    pieces = _gradient(image).chunk(len(parts)), _gradient(spectrum).chunk(len(parts))
    wanted = zip(*pieces, strict=True)
    for number, (part, (for_image, for_spectrum)) in enumerate(zip(parts, wanted, strict=True)):
        is_last = number == len(parts) - 1
        with without_gradient_sync(encoders, last=is_last):
            _set_random_state(device, draws[number])
            found_image, found_spectrum, found_scale = embed(part)
            carried = (found_image * for_image).sum() + (found_spectrum * for_spectrum).sum()
            if found_scale.requires_grad:
                # All parts use the same scale: its whole gradient is added with the last part.
                carried = carried + found_scale * (_gradient(scale) if is_last else 0.0)
            carried.backward()  # type: ignore[no-untyped-call]
    return loss.detach(), scale.detach()


@dataclass(frozen=True)
class AlignmentStep:
    """Networks, loss and optimiser of an alignment, as one step needs them."""

    encoders: nn.Module
    """Network from (images, spectra) to the embeddings of both and the scale, as
    `Processes.parallel` returned it."""
    loss: nn.Module
    """Loss of the joined batch (`contrastive_step.Loss`)."""
    optimiser: torch.optim.AdamW
    """Optimiser of the encoders and of the loss."""
    config: StageConfig
    """Gives the learning rate, weight decay, precision, number of parts and largest gradient."""
    processes: Processes
    """The processes of the run."""

    def make(self, step: int, n_steps: int, pair: Part, rows: Tensor) -> LogValues:
        """Change the weights once; returns the loss, scale, learning rate and gradient norm.

        Parameters
        ----------
        step, n_steps
            Number of the step, from 0, and of all steps, which give the learning rate.
        pair
            Inputs of this process's share of the batch.
        rows : (B,)
            Row numbers of the galaxies of the whole batch, in order of processes.
        """
        config = self.config
        rate = learning_rate(step, n_steps, config)
        set_rates(self.optimiser, rate, config.weight_decay)
        parts = list(zip(*(some.chunk(config.accumulate) for some in pair), strict=True))
        self.optimiser.zero_grad(set_to_none=True)
        loss, scale = contrastive_step(
            self.encoders,
            parts,
            rows.to(self.processes.device),
            self.processes,
            self.loss,
            precision=config.precision,
        )
        trained = nn.ModuleList([self.encoders, self.loss])
        norm = clip_gradient(trained, config.gradient_clip)
        self.optimiser.step()
        return {"loss": loss, "scale": scale, "learning_rate": rate, "gradient": norm}


def _gradient(tensor: Tensor) -> Tensor:
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


def _random_state(device: torch.device) -> tuple[Tensor, Tensor | None]:
    """The states of the CPU's and, if there is one, the GPU's random generators, from which dropout
    is repeated in a second forward pass.
    """
    gpu = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return torch.get_rng_state(), gpu


def _set_random_state(device: torch.device, state: tuple[Tensor, Tensor | None]) -> None:
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1], device)
