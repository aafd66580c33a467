"""The spectrum backbone: a transformer over slices of a spectrum (SpecFormer).

The names of the attributes are those of SpecFormer, because they are the names of the tensors in
the published checkpoints.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.core.errors import ConfigError
from galsearch.encoders.encoder_config import SpectrumConfig
from galsearch.encoders.network.redshift_templates import TemplateBank
from galsearch.encoders.network.transformer import SpectrumBlock

N_FEATURE_LAYERS = 2
"""Number of first convolutions whose output is correlated with the redshift templates."""


class ConvolutionalStem(nn.Module):
    """Convolutions over the pixels of all slices, which make one token for each slice.

    A convolution detects a line at any wavelength, also across the border of two slices, and on
    a grid in log wavelength the distance between two lines is the same at any redshift. The
    channels are flux, weight and the product of both.
    """

    def __init__(self, config: SpectrumConfig) -> None:
        super().__init__()
        self.n_channels = config.n_channels
        widths = (config.n_channels + 1, *config.stem_widths, config.width)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(n_in, n_out, 2 * stride + 1, stride, padding=stride)
            for n_in, n_out, stride in zip(widths, widths[1:], config.stem_strides, strict=False)
        )

    def features(self, slices: Tensor) -> Tensor:
        """Features (B, C, n) of the first two layers for slices (B, N, channels * length)."""
        B, N, _ = slices.shape
        x = slices.view(B, N, self.n_channels, -1).transpose(1, 2).flatten(2)
        x = torch.cat([x, x.prod(1, keepdim=True)], dim=1)
        return functional.gelu(self._convolve(x, slice(None, N_FEATURE_LAYERS)))

    def tokens(self, features: Tensor) -> Tensor:
        """Tokens (B, N, D) from the features (B, C, n) of the first two layers."""
        return self._convolve(features, slice(N_FEATURE_LAYERS, None)).transpose(1, 2)

    def _convolve(self, x: Tensor, layers: slice) -> Tensor:
        for number, convolution in enumerate(self.convolutions[layers]):
            assert isinstance(convolution, nn.Conv1d)  # noqa: S101 (for the type checker)
            x = functional.gelu(x) if number else x
            x = convolution(x) if self.training else _convolve_by_matmul(x, convolution)
        return x


def _convolve_by_matmul(x: Tensor, layer: nn.Conv1d) -> Tensor:
    """Output of a convolution, computed as one matrix product to reduce batch-dependent rounding.

    PyTorch's own convolution sums a single item in another order than several items.
    """
    size, stride, padding = layer.kernel_size[0], layer.stride[0], int(layer.padding[0])
    windows = functional.pad(x, (padding, padding)).unfold(2, size, stride)
    rows = windows.transpose(1, 2).flatten(2)
    return functional.linear(rows, layer.weight.flatten(1), layer.bias).transpose(1, 2)


class SpectrumBackbone(nn.Module):
    """A transformer over the slices of a spectrum, and a linear head that reconstructs slices.

    The first token holds the summary of the spectrum. With `n_templates` it also receives an
    embedding of the redshift distribution that a bank of templates finds.
    """

    def __init__(self, config: SpectrumConfig) -> None:
        super().__init__()
        self.config = config
        self.data_embed = nn.Linear(
            config.n_summary if config.stem_widths else config.n_features, config.width
        )
        if config.stem_widths:
            self.stem = ConvolutionalStem(config)
        if config.n_templates:
            stride = math.prod(config.stem_strides[:N_FEATURE_LAYERS])
            self.templates = TemplateBank(config, config.stem_widths[N_FEATURE_LAYERS - 1], stride)
        # The weights are sampled afterwards. Those that Embedding samples by itself make torch
        # import its compiler on the meta device, which takes seconds.
        weights = torch.empty(config.max_tokens, config.width)
        self.position_embed = nn.Embedding(config.max_tokens, config.width, _weight=weights)
        self.blocks = nn.ModuleList(
            SpectrumBlock(config.width, config.n_heads, config.mlp_ratio)
            for _ in range(config.depth)
        )
        self.final_layernorm = nn.LayerNorm(config.width, eps=1e-5)
        self.head = nn.Linear(config.width, config.n_features)

    def tokens(self, slices: Tensor) -> Tensor:
        """Tokens (B, N, D) before the first block, for slices (B, N, features)."""
        return self._embed(slices)[0]

    def forward(self, slices: Tensor) -> Tensor:
        """Tokens (B, N, D) after the final norm, for slices (B, N, features)."""
        return self._through_blocks(self.tokens(slices))

    def reconstruct(self, slices: Tensor) -> Tensor:
        """Reconstructed slices (B, N, features), for masked modelling."""
        return self.reconstruct_with_redshift(slices)[0]

    def reconstruct_with_redshift(self, slices: Tensor) -> tuple[Tensor, Tensor | None]:
        """Reconstructed slices (B, N, features), and log odds (B, templates, bins) or None."""
        x, log_odds = self._embed(slices)
        return self.head(self._through_blocks(x)), log_odds

    def redshift_log_odds(self, slices: Tensor) -> Tensor:
        """Log odds (B, bins) of every redshift bin, combined over the templates.

        Raises
        ------
        ConfigError
            Where the encoder has no templates.
        """
        log_odds = self._embed(slices)[1]
        if log_odds is None:
            raise ConfigError("this spectrum encoder has no templates: n_templates is 0.")
        return log_odds.logsumexp(dim=1)

    def _embed(self, slices: Tensor) -> tuple[Tensor, Tensor | None]:
        position = self.position_embed.weight[: slices.shape[1]]
        if not self.config.stem_widths:
            return self.data_embed(slices) + position, None
        summary = self.data_embed(slices[:, :1, : self.config.n_summary])
        features = self.stem.features(slices[:, 1:, self.config.n_summary :])
        log_odds = None
        if self.config.n_templates:
            log_odds = self.templates(features)
            summary = summary + self.templates.redshift_embedding(log_odds)[:, None]
        return torch.cat([summary, self.stem.tokens(features)], dim=1) + position, log_odds

    def _through_blocks(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.final_layernorm(x)
        return out
