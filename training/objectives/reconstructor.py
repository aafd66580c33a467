"""The spectrum backbone with its reconstruction head as one network, as pre-training trains it."""

import torch
from torch import Tensor, nn

from galsearch.core.modality import Modality
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from galsearch.encoders.network.spectrum_network import SpectrumBackbone
from training.data.backbones import encoder_of
from training.objectives.masked_spectra import MaskedSpectra, MaskingObjective, masked_loss


class Reconstructor(nn.Module):
    """Network of the spectrum backbone, its reconstruction head and its redshift logits. One
    forward pass computes all of them, because PyTorch's DistributedDataParallel requires it.
    """

    def __init__(self, model: CrossModalModel) -> None:
        super().__init__()
        self.backbone = encoder_of(model, Modality.SPECTRUM).backbone

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstructed spectra and redshift logits, from prepared spectra with hidden parts.

        Returns
        -------
        reconstruction
            Reconstructed spectra, in the shape of `inputs`.
        logits : (B, bins)
            Redshift logits; no bins where the model has no bank of templates.
        """
        made, logits = self.spectrum_backbone.reconstruct_with_redshift(inputs)
        return made, made.new_empty(len(made), 0) if logits is None else logits.logsumexp(dim=1)

    @property
    def spectrum_backbone(self) -> SpectrumBackbone:
        """The spectrum backbone, typed as `SpectrumBackbone` for type checkers."""
        assert isinstance(self.backbone, SpectrumBackbone)  # noqa: S101 (for the type checker)
        return self.backbone


def reconstruction_loss(
    reconstructor: nn.Module,
    objective: MaskingObjective,
    masked: MaskedSpectra,
    *,
    low_precision: bool = False,
) -> tuple[Tensor, Tensor]:
    """The masked-modelling loss (float32 scalar), and the redshift logits (B, bins) of the spectra.

    Parameters
    ----------
    reconstructor
        A `Reconstructor`, possibly wrapped by `Processes.parallel`.
    objective
        The objective that masked the spectra.
    masked
        The masked spectra.
    low_precision
        Compute matrix products in bfloat16.
    """
    device = masked.inputs.device
    with torch.autocast(device.type, torch.bfloat16, enabled=low_precision):
        made, logits = reconstructor(masked.inputs)
    return masked_loss(objective.compared_values(made.float()), masked), logits
