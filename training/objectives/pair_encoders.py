"""The image and spectrum encoders as one network with one forward pass, as trained by alignment."""

from torch import Tensor, nn

from galsearch.core.modality import Modality
from galsearch.encoders.network.cross_modal_model import CrossModalModel, PooledEncoder
from training.data.backbones import encoder_of


class PairEncoders(nn.Module):
    """Network of both encoders and the scale of the loss. One forward pass computes all of them,
    because PyTorch's DistributedDataParallel requires it.

    Parameters
    ----------
    model
        The model whose encoders are trained.
    frozen
        Names of modalities whose backbone is not trained. The inputs of these encoders are the
        tokens of the backbone, which were computed before.
    """

    def __init__(self, model: CrossModalModel, frozen: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.frozen = model, frozen
        for name in frozen:
            encoder_of(model, Modality(name)).backbone.requires_grad_(requires_grad=False)

    def embed(self, modality: Modality, inputs: Tensor) -> Tensor:
        """(B, E) embeddings of a batch of one modality, not normalised, from prepared pixels, or
        from backbone tokens where the backbone is frozen.
        """
        encoder: PooledEncoder = encoder_of(self.model, modality)
        out: Tensor = encoder.pool(inputs) if modality.value in self.frozen else encoder(inputs)
        return out

    def forward(self, images: Tensor, spectra: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, E) embeddings of images, (B, E) embeddings of spectra, and the scale of the
        contrastive loss.
        """
        return (
            self.embed(Modality.IMAGE, images),
            self.embed(Modality.SPECTRUM, spectra),
            self.model.logit_scale().to(images.device),
        )
