"""The spectrum backbone: a transformer over slices (SpecFormer and its names)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.core.errors import ConfigError
from galsearch.encoders.encoder_config import SpectrumConfig
from galsearch.encoders.network.redshift_templates import TemplateBank
from galsearch.encoders.network.transformer import SpectrumBlock

N_FINE = 2
"""Convolutions whose outputs are the features that templates are compared with."""


class ConvolutionalStem(nn.Module):
    """Convolutions over the pixels of all slices: one token a slice, aware of its neighbours.

    A line is found wherever it lies, and on a grid of the logarithm of wavelength two lines keep
    their distance at any redshift. The channels are the pixels' own (flux, weight) and their
    product, the flux as far as it is measured.
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
        """(B, N, channels * length) to (B, C, n): what the first two convolutions find."""
        B, N, _ = slices.shape
        x = slices.view(B, N, self.n_channels, -1).transpose(1, 2).flatten(2)  # (B, channels, n)
        x = torch.cat([x, x.prod(1, keepdim=True)], dim=1)
        return functional.gelu(self._through(x, slice(None, N_FINE)))

    def tokens(self, features: Tensor) -> Tensor:
        """(B, C, n) to (B, N, D)."""
        return self._through(features, slice(N_FINE, None)).transpose(1, 2)

    def _through(self, x: Tensor, some: slice) -> Tensor:
        for number, convolution in enumerate(self.convolutions[some]):
            assert isinstance(convolution, nn.Conv1d)  # noqa: S101 (for the type checker)
            x = functional.gelu(x) if number else x
            x = convolution(x) if self.training else _convolve(x, convolution)
        return x


def _convolve(x: Tensor, by: nn.Conv1d) -> Tensor:
    """The convolution as one product of matrices, whose digits do not depend on the batch.

    PyTorch's own sums a single item in another order than many.
    """
    size, stride, padding = by.kernel_size[0], by.stride[0], int(by.padding[0])
    windows = functional.pad(x, (padding, padding)).unfold(2, size, stride)  # (B, C, n, size)
    rows = windows.transpose(1, 2).flatten(2)
    return functional.linear(rows, by.weight.flatten(1), by.bias).transpose(1, 2)


class SpectrumBackbone(nn.Module):
    """Slices to tokens, position embeddings, blocks, final norm; a head that reconstructs.

    With `n_templates` the summary token is told, beside the summary, the redshifts that a bank of
    templates finds likely.
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
            stride = math.prod(config.stem_strides[:N_FINE])
            self.templates = TemplateBank(config, config.stem_widths[N_FINE - 1], stride)
        self.position_embed = nn.Embedding(config.max_tokens, config.width)
        self.blocks = nn.ModuleList(
            SpectrumBlock(config.width, config.n_heads, config.mlp_ratio)
            for _ in range(config.depth)
        )
        self.final_layernorm = nn.LayerNorm(config.width, eps=1e-5)
        self.head = nn.Linear(config.width, config.n_features)

    def tokens(self, slices: Tensor) -> Tensor:
        """What enters the first block: (B, N, features) to (B, N, D)."""
        return self._begin(slices)[0]

    def forward(self, slices: Tensor) -> Tensor:
        """(B, N, features) to all tokens after the final norm, (B, N, D)."""
        return self._through_blocks(self.tokens(slices))

    def reconstruct(self, slices: Tensor) -> Tensor:
        """(B, N, features): what masked modelling compares with the unmasked slices."""
        return self.reconstruct_with_redshift(slices)[0]

    def reconstruct_with_redshift(self, slices: Tensor) -> tuple[Tensor, Tensor | None]:
        """`reconstruct`, and the odds of the bank of templates, (B, templates, bins), if any."""
        x, odds = self._begin(slices)
        return self.head(self._through_blocks(x)), odds

    def redshift_log_odds(self, slices: Tensor) -> Tensor:
        """(B, bins): logarithms of the odds of every redshift, whatever the template."""
        odds = self._begin(slices)[1]
        if odds is None:
            raise ConfigError("this spectrum encoder has no templates: n_templates is 0.")
        return odds.logsumexp(dim=1)

    def _begin(self, slices: Tensor) -> tuple[Tensor, Tensor | None]:
        position = self.position_embed.weight[: slices.shape[1]]
        if not self.config.stem_widths:
            return self.data_embed(slices) + position, None
        summary = self.data_embed(slices[:, :1, : self.config.n_summary])
        features = self.stem.features(slices[:, 1:, self.config.n_summary :])
        odds = None
        if self.config.n_templates:
            odds = self.templates(features)
            summary = summary + self.templates.token(odds)[:, None]
        return torch.cat([summary, self.stem.tokens(features)], dim=1) + position, odds

    def _through_blocks(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.final_layernorm(x)
        return out
