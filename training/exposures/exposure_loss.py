"""Loss of an alignment on two exposures of each galaxy: across modalities, and within each.

The contrast across modalities finds the spectrum of an image. The contrast within a modality finds
another exposure of the same galaxy, which teaches the encoder to ignore seeing, noise, depth, the
fibre and the camera.
"""

from torch import Tensor, nn

from galsearch.core.modality import Modality
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from training.data.backbones import encoder_of
from training.objectives.clip_loss import clip_loss
from training.objectives.redshift_head import RedshiftHead, redshift_loss


class ExposureLoss(nn.Module):
    """InfoNCE across modalities and between exposures, and an optional loss on redshifts.

    Parameters
    ----------
    model
        The model; its heads standardise the embeddings over the whole batch.
    z : (n,)
        Redshift of every galaxy; NaN where unknown.
    within_weight
        Weight of the contrast between exposures, relative to 1 for that across modalities.
    redshift_weight
        Weight of the redshift loss; 0 for none.
    """

    z: Tensor

    def __init__(
        self, model: CrossModalModel, z: Tensor, within_weight: float, redshift_weight: float
    ) -> None:
        super().__init__()
        self.encoders = [encoder_of(model, modality) for modality in Modality]
        self.within_weight, self.redshift_weight = within_weight, redshift_weight
        self.register_buffer("z", z, persistent=False)  # moves to the device with the head
        self.redshift = RedshiftHead(model.config.dim) if redshift_weight > 0 else None

    def forward(self, image: Tensor, spectrum: Tensor, scale: Tensor, galaxy: Tensor) -> Tensor:
        """The loss (scalar) of a batch of B galaxies, joined from all processes.

        Parameters
        ----------
        image, spectrum : (2 B, E)
            Embeddings; rows 2 i and 2 i + 1 are the two exposures of galaxy i.
        scale
            Multiplies the cosines.
        galaxy : (B,)
            Row numbers of the galaxies.
        """
        rows = [
            encoder.standardise_batch(some)
            for encoder, some in zip(self.encoders, (image, spectrum), strict=True)
        ]
        (image_a, image_b), (spectrum_a, spectrum_b) = ((some[::2], some[1::2]) for some in rows)
        across = clip_loss(image_a, spectrum_a, scale) + clip_loss(image_b, spectrum_b, scale)
        loss = across / 2
        if self.within_weight > 0:
            within = clip_loss(image_a, image_b, scale) + clip_loss(spectrum_a, spectrum_b, scale)
            loss = loss + self.within_weight * within / 2
        if self.redshift is not None:
            z = self.z[galaxy].repeat_interleave(2)
            loss = loss + self.redshift_weight * redshift_loss(self.redshift(rows[1]), z)
        return loss
