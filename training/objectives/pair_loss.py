"""What a batch of pairs is asked: which spectrum is whose image's, and each spectrum's redshift."""

from torch import Tensor, nn

from galsearch.core.modality import Modality
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from training.data.backbones import encoder_of
from training.objectives.contrast import Queue, contrastive_loss
from training.objectives.redshift_head import RedshiftHead, redshift_loss


class PairLoss(nn.Module):
    """The contrast of images and spectra; and what a spectrum is asked beside, where it is asked.

    Parameters
    ----------
    model
        Knows how the embeddings of a whole batch are standardised.
    queue
        Further candidates.
    z : (n,)
        Of every galaxy, NaN where unknown; None: no spectrum is asked for its redshift.
    """

    def __init__(
        self, model: CrossModalModel, queue: Queue | None, z: Tensor | None, weight: float
    ) -> None:
        super().__init__()
        self.encoders = [encoder_of(model, modality) for modality in Modality]
        self.queue, self.z, self.weight = queue, z, weight
        self.redshift = None if z is None else RedshiftHead(model.config.dim)

    def forward(self, image: Tensor, spectrum: Tensor, scale: Tensor, galaxy: Tensor) -> Tensor:
        """The loss of a joined batch."""
        image, spectrum = (
            encoder.standardise_batch(rows)
            for encoder, rows in zip(self.encoders, (image, spectrum), strict=True)
        )
        loss = contrastive_loss(image, spectrum, scale, galaxy, self.queue)
        if self.queue is not None:
            self.queue.push(image, spectrum, galaxy)
        if self.redshift is not None and self.z is not None:
            asked = self.z.to(galaxy.device)[galaxy]
            loss = loss + self.weight * redshift_loss(self.redshift(spectrum), asked)
        return loss
