"""One optimiser step of an alignment, the same for pairs and for exposures of galaxies."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.engine.optimiser import clip_gradient, learning_rate, set_rates
from training.engine.processes import Processes
from training.engine.stage_config import StageConfig
from training.engine.training_run import LogValues
from training.objectives.contrastive_step import Part, contrastive_step


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
