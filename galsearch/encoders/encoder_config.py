"""What a model is: one architecture, and everything in which two models of it differ.

The preparation `released` is AstroCLIP as published, quirks included; `galsearch` is ours.
Every difference between them is a field below, so that there is one model and not two.
"""

import math
from dataclasses import dataclass
from typing import Literal

from galsearch.core.errors import ConfigError

PREPARATION_VERSION = 2
"""Raised whenever `preprocess.py` gives other numbers; part of every fingerprint."""


def _check_divides(name: str, value: int, by_name: str, by: int) -> None:
    if by < 1 or value < 1 or value % by:
        raise ConfigError(f"{by_name} = {by} must divide {name} = {value}.")


@dataclass(frozen=True)
class ImageConfig:
    """A vision transformer over square patches."""

    image_size: int = 96
    """Central crop in pixels; a multiple of `patch_size`."""
    patch_size: int = 12
    """Pixels a side; half of it costs four times the tokens."""
    n_bands: int = 3
    """Planes of a prepared image."""
    width: int = 128
    """Numbers a token; a multiple of `n_heads`."""
    depth: int = 6
    """Blocks."""
    n_heads: int = 4
    """Attention heads a block."""
    mlp_ratio: int = 4
    """Hidden width of a block's feed-forward layer, in units of `width`."""
    block_chunks: int = 1
    """Chunks in the names of the blocks, `blocks.{chunk}.{block}`; nothing else depends on it."""
    layer_scale: bool = False
    """Whether each residual is multiplied by a learned vector (DINOv2)."""
    class_token: bool = True
    """Whether a class token and position embeddings are used. AstroCLIP's alignment model does
    without both (its image embedding does not notice shuffled patches)."""

    def __post_init__(self) -> None:
        _check_divides("image_size", self.image_size, "patch_size", self.patch_size)
        _check_divides("width", self.width, "n_heads", self.n_heads)
        _check_divides("depth", self.depth, "block_chunks", self.block_chunks)

    @property
    def n_patches(self) -> int:
        """Patch tokens of a prepared image."""
        return (self.image_size // self.patch_size) ** 2


@dataclass(frozen=True)
class SpectrumConfig:
    """A transformer over slices of a spectrum, led by one token that holds its summary."""

    n_pixels: int = 7781
    """Pixels of the grid."""
    first_angstrom: float = 3600.0
    """Wavelength of the first pixel: the position of a slice in the sequence is its wavelength."""
    step_angstrom: float = 0.8
    """Wavelength between pixels."""
    n_log_pixels: int = 4096
    """Pixels of the grid that slices are cut from, even in the logarithm of wavelength, where a
    redshift is a shift: 4096 are 73 km/s each. 0: slices of the grid itself (AstroCLIP)."""
    slice_length: int = 64
    """Pixels a token; half of it costs twice the tokens."""
    slice_step: int = 64
    """Pixels between the starts of two slices; less than `slice_length` makes them overlap."""
    n_channels: int = 2
    """Numbers a pixel: flux, and for the preparation `galsearch` its weight."""
    n_summary: int = 4
    """Numbers in the summary token, and zeros that lead every slice."""
    max_tokens: int = 65
    """Positions that can be told apart."""
    stem_widths: tuple[int, ...] = (32, 64, 128)
    """Channels of the convolutions that make a token of each slice and of what lies beside it,
    before the last, which has `width`. Empty: one linear layer a slice (AstroCLIP)."""
    stem_strides: tuple[int, ...] = (4, 2, 2, 4)
    """Pixels between the outputs of each convolution; their product is `slice_length`."""
    n_templates: int = 0
    """Templates in the rest frame that a redshift is looked for with (`templates.py`); they see
    the features of the stem. 0: none (AstroCLIP)."""
    width: int = 128
    """Numbers a token; a multiple of `n_heads`."""
    depth: int = 4
    """Blocks."""
    n_heads: int = 4
    """Attention heads a block."""
    mlp_ratio: int = 4
    """Hidden width of a block's feed-forward layer, in units of `width`."""

    def __post_init__(self) -> None:
        _check_divides("width", self.width, "n_heads", self.n_heads)
        if self.n_templates and not (self.n_log_pixels and len(self.stem_widths) > 1):
            raise ConfigError(
                f"n_templates = {self.n_templates} needs a grid even in log wavelength "
                f"(n_log_pixels, found {self.n_log_pixels}) and a stem of three convolutions or "
                f"more (found stem_widths = {self.stem_widths})."
            )
        if not self.stem_widths:
            return
        if len(self.stem_strides) != len(self.stem_widths) + 1:
            raise ConfigError(
                f"{len(self.stem_widths)} stem_widths and the width of a token need "
                f"{len(self.stem_widths) + 1} stem_strides, found {len(self.stem_strides)}."
            )
        if not math.prod(self.stem_strides) == self.slice_length == self.slice_step:
            raise ConfigError(
                f"stem_strides multiply to {math.prod(self.stem_strides)}; they must multiply to "
                f"slice_length = {self.slice_length}, and slice_step = {self.slice_step} be that."
            )

    @property
    def n_features(self) -> int:
        """Numbers a prepared token: summary, then the slice, one channel after the other."""
        return self.n_summary + self.n_channels * self.slice_length


@dataclass(frozen=True)
class HeadConfig:
    """A learned query that attends to all tokens of a backbone, and a feed-forward layer."""

    width: int = 128
    """Numbers of the embedding; a multiple of `n_heads`."""
    n_heads: int = 4
    """Attention heads of the one query."""
    mlp_ratio: int = 4
    """Hidden width of the feed-forward layer, in units of `width`."""
    residual: bool = True
    """Whether the feed-forward layer is added to its input (AstroCLIP: spectra yes, images no)."""
    dropout: float = 0.1
    """In training only, after the attention and after the feed-forward layer."""
    first_token: bool = False
    """Whether the first token also goes straight into the embedding, through a matrix: what a
    summary token knows need not be found among all the others."""
    standardise: bool = False
    """Whether the embedding is brought to mean 0 and scatter 1 over galaxies, number by number."""

    def __post_init__(self) -> None:
        _check_divides("width", self.width, "n_heads", self.n_heads)


@dataclass(frozen=True)
class PrototypeConfig:
    """The projection head of DINO pre-training; no part of an embedding."""

    n_prototypes: int = 65536
    n_layers: int = 3
    hidden_width: int = 2048
    bottleneck_width: int = 256


@dataclass(frozen=True)
class ModelConfig:
    """A cross-modal model, or one of its backbones alone.

    Raises
    ------
    ConfigError
        Where sizes contradict each other.

    Examples
    --------
    >>> GALSEARCH_SMALL.dim, GALSEARCH_SMALL.preparation
    (128, 'galsearch')
    """

    name: str
    """What people call it; no part of the fingerprint."""
    preparation: Literal["released", "galsearch"]
    """How raw arrays become tensors; see `preprocess.py`."""
    image: ImageConfig | None = None
    """None: a model of spectra alone."""
    spectrum: SpectrumConfig | None = None
    """None: a model of images alone."""
    image_head: HeadConfig | None = None
    """None: the embedding is the class token (AstroDINO)."""
    spectrum_head: HeadConfig | None = None
    """None: the embedding is the mean of all tokens (SpecFormer)."""
    prototypes: PrototypeConfig | None = None
    """DINO's projection head, where the checkpoint has one."""
    logit_scale: float = 15.5
    """Multiplies cosines in the contrastive loss: where it starts, or stays if not learned."""
    learned_scale: bool = False
    """Whether the scale is a parameter of the loss."""
    largest_scale: float = 100.0
    """A learned scale is clamped here, as in CLIP."""

    def __post_init__(self) -> None:
        if self.image is None and self.spectrum is None:
            raise ConfigError("a model needs an image section, a spectrum section or both.")
        if self.preparation == "galsearch" and self.spectrum and not self.spectrum.n_log_pixels:
            raise ConfigError("preparation 'galsearch' needs n_log_pixels of at least 1, found 0.")
        if self.image_head and self.spectrum_head:
            widths = self.image_head.width, self.spectrum_head.width
            if widths[0] != widths[1]:
                raise ConfigError(
                    f"both heads must end in one space, found widths {widths[0]} and {widths[1]}."
                )

    @property
    def dim(self) -> int:
        """Numbers of an embedding."""
        if self.image is not None:
            return self.image_head.width if self.image_head else self.image.width
        assert self.spectrum is not None  # noqa: S101 (set in __post_init__)
        return self.spectrum_head.width if self.spectrum_head else self.spectrum.width


GALSEARCH_SMALL = ModelConfig(
    name="galsearch-small",
    preparation="galsearch",
    image=ImageConfig(width=160),
    spectrum=SpectrumConfig(width=160, n_templates=6),
    image_head=HeadConfig(standardise=True),
    spectrum_head=HeadConfig(first_token=True, standardise=True),
    learned_scale=True,
)
"""The model whose weights come with the package: 96 px (25 arcsec) and the DESI grid."""
