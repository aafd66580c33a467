"""The cross-modal model: a backbone and a pooling head for each modality."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.core.errors import ConfigError
from galsearch.encoders.encoder_config import HeadConfig, ModelConfig
from galsearch.encoders.network.dino_head import PrototypeHead
from galsearch.encoders.network.image_network import ImageBackbone
from galsearch.encoders.network.pooling import CrossAttention
from galsearch.encoders.network.spectrum_network import SpectrumBackbone
from galsearch.encoders.network.standardisation import Standardisation
from galsearch.encoders.network.transformer import FeedForward


class PooledEncoder(nn.Module):
    """A backbone, and a head that pools the tokens of the backbone into one vector.

    Without a head the vector is the class token (images) or the mean of all tokens (spectra).
    The names of the attributes are the names of the tensors in files of weights.
    """

    def __init__(self, backbone: ImageBackbone | SpectrumBackbone, head: HeadConfig | None) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        if head is not None:
            self.cross_attention = CrossAttention(head, backbone.config.width)
            self.mlp = FeedForward(head.width, head.mlp_ratio * head.width)
            if head.first_token:
                self.first_token = nn.Linear(backbone.config.width, head.width, bias=False)
            if head.standardise:
                self.standard = Standardisation(head.width)

    def pool(self, tokens: Tensor) -> Tensor:
        """Embeddings (B, E) pooled from tokens (B, N, D).

        In training this method does not standardise them: `standardise_batch` needs the whole
        batch, which may be spread over several parts and processes.
        """
        if self.head is None:
            return tokens[:, 0] if isinstance(self.backbone, ImageBackbone) else tokens.mean(1)
        x = self.cross_attention(tokens)
        changed = functional.dropout(self.mlp(x), self.head.dropout, self.training)
        out: Tensor = x + changed if self.head.residual else changed
        if self.head.first_token:
            out = out + self.first_token(tokens[:, 0])
        return self.standard(out) if self.head.standardise and not self.training else out

    def standardise_batch(self, embeddings: Tensor) -> Tensor:
        """(B, E) embeddings of a whole training batch, standardised for the loss."""
        if self.head is None or not self.head.standardise:
            return embeddings
        return self.standard.standardise_batch(embeddings)

    def forward(self, inputs: Tensor) -> Tensor:
        """Embeddings (B, E) of prepared inputs, not normalised to unit length."""
        return self.pool(self.backbone(inputs))

    def forward_itemwise(self, inputs: Tensor) -> Tensor:
        """Embeddings (B, E) as from `forward`, with the head applied to each galaxy on its own.

        The matrix products of a head have one row for each galaxy, and PyTorch sums a few rows in
        another order than many. With one galaxy at a time an embedding depends on the other
        galaxies of its batch by float32 rounding in the backbone at most.
        """
        return torch.cat([self.pool(tokens) for tokens in self.backbone(inputs).split(1)])


class CrossModalModel(nn.Module):
    """A neural network that embeds images and spectra in one vector space (AstroCLIP).

    Parameters
    ----------
    config
        Sizes of the networks, and which of them exist. The weights are sampled from torch's
        global generator; `initialise` samples them with a seed, `checkpoint.read` reads them.

    Examples
    --------
    >>> from galsearch.encoders.encoder_config import GALSEARCH_SMALL
    >>> model = initialise(GALSEARCH_SMALL, seed=1).eval()
    >>> model.image(torch.zeros(2, 3, 96, 96)).shape
    torch.Size([2, 128])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        if config.image is not None:
            self.image_encoder = PooledEncoder(ImageBackbone(config.image), config.image_head)
        if config.spectrum is not None:
            backbone = SpectrumBackbone(config.spectrum)
            self.spectrum_encoder = PooledEncoder(backbone, config.spectrum_head)
        if config.prototypes is not None and config.image is not None:
            self.dino_head = PrototypeHead(config.image.width, config.prototypes)
        if config.learned_scale:
            self.log_scale = nn.Parameter(torch.tensor(math.log(config.logit_scale)))
        self.initialise_weights()

    @torch.no_grad()
    def initialise_weights(self, generator: torch.Generator | None = None) -> None:
        """Replace every weight by a random one.

        Matrices, position embeddings, queries and learned tokens are normal with variance
        1 / (values in a row), truncated at two standard deviations. In the last matrix of a
        residual branch the standard deviation is smaller by sqrt(2 depth), so that the variance
        of the activations does not grow with depth. Biases are 0, norms 1 and layer scales 1e-5;
        the standardisation of an untrained model changes nothing.
        """
        for name, buffer in self.named_buffers():
            if not buffer.is_meta:
                buffer.fill_(1.0 if name.endswith("variance") else 0.0)
        for name, parameter in self.named_parameters():
            if not parameter.is_meta:
                _sample_weight(name, parameter, self.config, generator)

    def image(self, inputs: Tensor) -> Tensor:
        """Embeddings (B, E) of images from `prepare_images`, not normalised to unit length."""
        if self.config.image is None:
            raise ConfigError(f"model {self.config.name!r} has no image encoder.")
        out: Tensor = self.image_encoder(inputs)
        return out

    def spectrum(self, inputs: Tensor) -> Tensor:
        """Embeddings (B, E) of spectra from `prepare_spectra`, not normalised to unit length."""
        if self.config.spectrum is None:
            raise ConfigError(f"model {self.config.name!r} has no spectrum encoder.")
        out: Tensor = self.spectrum_encoder(inputs)
        return out

    def logit_scale(self) -> Tensor:
        """Factor of the cosines in the contrastive loss: learned and clamped, or fixed."""
        if not self.config.learned_scale:
            return torch.tensor(self.config.logit_scale)
        return self.log_scale.clamp(max=math.log(self.config.largest_scale)).exp()


def initialise(config: ModelConfig, seed: int) -> CrossModalModel:
    """An untrained model with random weights; the same seed gives the same weights.

    Parameters
    ----------
    config
        Sizes of the networks.
    seed
        Seed of the random weights.
    """
    with torch.device("meta"):
        model = CrossModalModel(config)
    model = model.to_empty(device="cpu")
    model.initialise_weights(torch.Generator().manual_seed(seed))
    return model


def _sample_weight(
    name: str, parameter: Tensor, config: ModelConfig, generator: torch.Generator | None
) -> None:
    last = name.rsplit(".", 1)[-1]
    if name == "log_scale":
        parameter.fill_(math.log(config.logit_scale))
    elif last == "gamma":
        parameter.fill_(1e-5)
    elif "norm" in name or last == "weight_g":
        parameter.fill_(1.0 if last.startswith("weight") else 0.0)
    elif last == "mask_token" or "bias" in last:
        parameter.zero_()
    else:
        filters = parameter.ndim == 4 or "convolutions" in name
        n_row = parameter[0].numel() if filters else parameter.shape[-1]
        ends_residual = ".blocks." in name and name.endswith(_RESIDUAL_ENDS)
        section = config.image if name.startswith("image") else config.spectrum
        std = 1 / math.sqrt(n_row * (2 * section.depth if ends_residual and section else 1))
        nn.init.trunc_normal_(parameter, std=std, a=-2 * std, b=2 * std, generator=generator)


_RESIDUAL_ENDS = ("proj.weight", "projection.weight", "fc2.weight", "mlp.decoder.weight")
