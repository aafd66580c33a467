"""Loss of alignment: InfoNCE on image-spectrum pairs, and optionally redshift classification."""

from torch import Tensor, nn

from galsearch.core.modality import Modality
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from training.data.backbones import encoder_of
from training.objectives.contrastive_step import EmbeddingQueue, contrastive_loss
from training.objectives.redshift_head import RedshiftHead, redshift_loss


class PairLoss(nn.Module):
    """InfoNCE loss, plus an optional redshift-classification loss on spectra.

    Parameters
    ----------
    model
        The model; its heads standardise the embeddings over the whole batch.
    queue
        Embeddings of earlier steps as additional negatives.
    z : (n,)
        Redshift of every galaxy, NaN where unknown; None for no redshift loss.
    weight
        Weight of the redshift loss, relative to 1 for InfoNCE.
    """

    z: Tensor | None

    def __init__(
        self, model: CrossModalModel, queue: EmbeddingQueue | None, z: Tensor | None, weight: float
    ) -> None:
        super().__init__()
        self.encoders = [encoder_of(model, modality) for modality in Modality]
        self.queue, self.weight = queue, weight
        self.register_buffer("z", z, persistent=False)  # moves to the device with the head
        self.redshift = None if z is None else RedshiftHead(model.config.dim)

    def forward(self, image: Tensor, spectrum: Tensor, scale: Tensor, galaxy: Tensor) -> Tensor:
        """The loss (scalar) of a batch joined from all processes: embeddings (B, E) of images and
        spectra, the scale of the cosines, and the row numbers (B,) of the galaxies.
        """
        image, spectrum = (
            encoder.standardise_batch(rows)
            for encoder, rows in zip(self.encoders, (image, spectrum), strict=True)
        )
        loss = contrastive_loss(image, spectrum, scale, galaxy, self.queue)
        if self.queue is not None:
            self.queue.push(image, spectrum, galaxy)
        if self.redshift is not None and self.z is not None:
            loss = loss + self.weight * redshift_loss(self.redshift(spectrum), self.z[galaxy])
        return loss
