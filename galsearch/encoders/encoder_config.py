"""Configuration of a model: the sizes of its networks and the preprocessing of its inputs.

There are two kinds of preprocessing ("preparation"). `released` is that of AstroCLIP as
published, quirks included; `galsearch` is the one of this package. Every difference between
AstroCLIP and the models of this package is a field of these classes, so one implementation serves
both.
"""

import math
from dataclasses import dataclass, fields
from typing import Literal

from galsearch.core.errors import ConfigError

Preparation = Literal["released", "galsearch"]
"""Kind of preprocessing: `released` as in AstroCLIP, or `galsearch` as in this package."""
PREPARATION_VERSIONS: dict[Preparation, int] = {"released": 2, "galsearch": 3}
"""Version of each kind of preprocessing, which is a part of every fingerprint. It must be raised
whenever the output of the preprocessing changes."""
OLDER_VERSIONS: dict[Preparation, tuple[int, ...]] = {"released": (), "galsearch": (2,)}
"""Earlier versions of the preprocessing whose weights can be used with the present one, because it
prepares data without masked pixels in the same way. Embeddings have another fingerprint."""


_LARGEST_SIZE, _LARGEST_DEPTH = 1 << 20, 1000
"""Limits of the sizes in a configuration, far above those of any model of galaxies.

A configuration is read from files that others wrote, and a model is made before its tensors are
compared with the file.
"""
_MAY_BE_ZERO = {"n_log_pixels", "n_summary", "n_templates", "dropout", "first_angstrom"}


def _check_sizes(section: object) -> None:
    """Check that every number of a section of the configuration is positive and not too large."""
    for field in fields(section):  # type: ignore[arg-type]
        value = getattr(section, field.name)
        largest = _LARGEST_DEPTH if field.name in {"depth", "n_layers"} else _LARGEST_SIZE
        numbers = value if isinstance(value, tuple) else (value,)
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, (int, float)):
                continue
            is_positive = number > 0 or (number == 0 and field.name in _MAY_BE_ZERO)
            if not (is_positive and number <= largest):
                raise ConfigError(
                    f"{field.name} = {number}; expected a positive number up to {largest}."
                )


def _check_divides(name: str, value: int, by_name: str, by: int) -> None:
    if by < 1 or value < 1 or value % by:
        raise ConfigError(f"{by_name} = {by} must divide {name} = {value}.")


@dataclass(frozen=True)
class ImageConfig:
    """Sizes of the vision transformer over square patches of an image."""

    image_size: int = 96
    """Side of the central crop of an image in pixels; a multiple of `patch_size`."""
    patch_size: int = 12
    """Side of a patch in pixels; halving it makes four times as many tokens."""
    n_bands: int = 3
    """Number of bands of a prepared image."""
    width: int = 128
    """Number of dimensions of a token; a multiple of `n_heads`."""
    depth: int = 6
    """Number of transformer blocks."""
    n_heads: int = 4
    """Number of attention heads in each block."""
    mlp_ratio: int = 4
    """Hidden width of a block's feed-forward layer, in units of `width`."""
    block_chunks: int = 1
    """Number of chunks in the names of the blocks, `blocks.{chunk}.{block}`; changes names only."""
    layer_scale: bool = False
    """True where each residual is multiplied by a learned vector (DINOv2)."""
    class_token: bool = True
    """True where a class token and position embeddings are used. AstroCLIP's aligned model has
    neither, so its image embedding does not change when the patches are shuffled."""
    mask_channels: bool = False
    """True where the network is told, by one more channel for each band, which pixels have no
    measurement; the value is 1 there and 0 elsewhere."""

    def __post_init__(self) -> None:
        _check_sizes(self)
        _check_divides("image_size", self.image_size, "patch_size", self.patch_size)
        _check_divides("width", self.width, "n_heads", self.n_heads)
        _check_divides("depth", self.depth, "block_chunks", self.block_chunks)

    @property
    def n_channels(self) -> int:
        """Number of channels of a prepared image: the bands, then their masks where they are
        used.
        """
        return 2 * self.n_bands if self.mask_channels else self.n_bands

    @property
    def n_patches(self) -> int:
        """Number of patches, and so of patch tokens, of a prepared image."""
        return (self.image_size // self.patch_size) ** 2


@dataclass(frozen=True)
class SpectrumConfig:
    """Sizes of the transformer over tokens of a spectrum: a summary token, then its slices."""

    n_pixels: int = 7781
    """Number of pixels of an input spectrum."""
    first_angstrom: float = 3600.0
    """Wavelength of the first pixel in Angstrom. It is the same for all spectra, so that the
    position of a token encodes its wavelength."""
    step_angstrom: float = 0.8
    """Wavelength step between pixels in Angstrom."""
    n_log_pixels: int = 4096
    """Number of pixels of the grid, uniform in log wavelength, to which a spectrum is resampled
    before it is cut into slices. A redshift is a shift on this grid; 4096 pixels are 73 km/s
    each. 0 stands for no resampling (AstroCLIP)."""
    slice_length: int = 64
    """Number of pixels in a slice; halving it doubles the number of tokens."""
    slice_step: int = 64
    """Number of pixels between the starts of two slices; slices overlap below `slice_length`."""
    n_channels: int = 2
    """Number of channels of a pixel: flux, and for the preprocessing `galsearch` also a weight."""
    n_summary: int = 4
    """Number of values in the summary token; every slice token starts with as many zeros."""
    max_tokens: int = 65
    """Number of learned position embeddings, which limits the number of tokens of a spectrum."""
    stem_widths: tuple[int, ...] = (32, 64, 128)
    """Output channels of the convolutions that turn slices into tokens, without the last one, which
    has `width` channels. If empty, one linear layer turns each slice into a token (AstroCLIP)."""
    stem_strides: tuple[int, ...] = (4, 2, 2, 4)
    """Stride of each convolution that turns slices into tokens; the product is `slice_length`."""
    n_templates: int = 0
    """Number of learned rest-frame templates that find the redshift by cross-correlation with the
    features of the convolutions (`network.redshift_templates`); 0 for AstroCLIP, which has none."""
    width: int = 128
    """Number of dimensions of a token; a multiple of `n_heads`."""
    depth: int = 4
    """Number of transformer blocks."""
    n_heads: int = 4
    """Number of attention heads in each block."""
    mlp_ratio: int = 4
    """Hidden width of a block's feed-forward layer, in units of `width`."""

    def __post_init__(self) -> None:
        _check_sizes(self)
        _check_divides("width", self.width, "n_heads", self.n_heads)
        if self.n_templates and not (self.n_log_pixels and len(self.stem_widths) > 1):
            raise ConfigError(
                f"n_templates = {self.n_templates} needs a grid uniform in log "
                f"wavelength (n_log_pixels, found {self.n_log_pixels}) and a stem of three "
                f"convolutions or more (found stem_widths = {self.stem_widths})."
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
        """Number of values in a prepared token: the summary, then each channel of the slice."""
        return self.n_summary + self.n_channels * self.slice_length


@dataclass(frozen=True)
class HeadConfig:
    """Sizes of a pooling head: a learned query attends to all tokens, then a feed-forward layer."""

    width: int = 128
    """Number of dimensions of the embedding; a multiple of `n_heads`."""
    n_heads: int = 4
    """Number of attention heads."""
    mlp_ratio: int = 4
    """Hidden width of the feed-forward layer, in units of `width`."""
    residual: bool = True
    """True where the feed-forward layer is added to its input (AstroCLIP: spectra only)."""
    dropout: float = 0.1
    """Dropout rate after the attention and after the feed-forward layer, in training only."""
    first_token: bool = False
    """True where a linear projection of the first (summary) token is added to the embedding, so
    the learned query of the head need not attend to it."""
    standardise: bool = False
    """True where each dimension is standardised to mean 0 and scatter 1 over galaxies."""

    def __post_init__(self) -> None:
        _check_sizes(self)
        _check_divides("width", self.width, "n_heads", self.n_heads)


@dataclass(frozen=True)
class PrototypeConfig:
    """Sizes of the projection head of DINO pre-training, which no embedding uses."""

    n_prototypes: int = 65536
    n_layers: int = 3
    hidden_width: int = 2048
    bottleneck_width: int = 256

    def __post_init__(self) -> None:
        _check_sizes(self)


@dataclass(frozen=True)
class TrainingRange:
    """Ranges of noise and redshift that hold nearly all data that a model was trained on."""

    image_noise_nanomaggies: tuple[float, ...]
    """Smallest and largest noise of a pixel in g, then in r, then in z."""
    spectrum_ivar: tuple[float, ...]
    """Smallest and largest median inverse variance of a spectrum, in 1e34 (s cm2 Angstrom)2 / erg2,
    of the faintest spectra first: one pair for each bin that `spectrum_flux_edges` separate."""
    redshift: tuple[float, ...]
    """Smallest and largest redshift."""
    spectrum_flux_edges: tuple[float, ...] = ()
    """Median fluxes of a spectrum, in 1e-17 erg / (s cm2 Angstrom), that separate faint spectra
    from brighter ones, whose exposures are shorter."""

    def __post_init__(self) -> None:
        n_bins = len(self.spectrum_flux_edges) + 1
        expected = {"image_noise_nanomaggies": 6, "spectrum_ivar": 2 * n_bins, "redshift": 2}
        for name, n in expected.items():
            limits = getattr(self, name)
            pairs = list(zip(limits[::2], limits[1::2], strict=False))
            if len(limits) != n or not all(low < high for low, high in pairs):
                raise ConfigError(
                    f"{name} = {limits}; expected {n} numbers, pairs of a lower and an upper limit."
                )


@dataclass(frozen=True)
class ModelConfig:
    """Configuration of a cross-modal model, or of a single backbone.

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
    """Name of the model, which is not part of its fingerprint."""
    preparation: Preparation
    """Kind of preprocessing: `released` as in AstroCLIP, or `galsearch` as in this package."""
    image: ImageConfig | None = None
    """Sizes of the image network; None where the model embeds spectra only."""
    spectrum: SpectrumConfig | None = None
    """Sizes of the spectrum network; None where the model embeds images only."""
    image_head: HeadConfig | None = None
    """Pooling head for images; None where the embedding is the class token (AstroDINO)."""
    spectrum_head: HeadConfig | None = None
    """Pooling head for spectra; None where the embedding is the mean of all tokens (SpecFormer)."""
    prototypes: PrototypeConfig | None = None
    """Projection head of DINO pre-training, where the checkpoint has one."""
    logit_scale: float = 15.5
    """Factor of the cosines in the contrastive loss; the initial value where it is learned."""
    learned_scale: bool = False
    """True where the factor of the cosines in the loss is a trained parameter."""
    largest_scale: float = 100.0
    """Upper limit of a trained factor of the cosines in the loss, as in CLIP."""
    training_range: TrainingRange | None = None
    """Range of the training data, from which data of unusual depth are told; None where it is not
    known. It is not part of the fingerprint, because vectors do not depend on it."""

    def __post_init__(self) -> None:
        _check_sizes(self)
        if self.image is None and self.spectrum is None:
            raise ConfigError("a model needs an image section, a spectrum section or both.")
        if self.preparation == "released" and self.image and self.image.mask_channels:
            raise ConfigError("preparation 'released' has no mask_channels.")
        if self.preparation == "galsearch" and self.spectrum and not self.spectrum.n_log_pixels:
            raise ConfigError("preparation 'galsearch' needs n_log_pixels of at least 1, found 0.")
        if self.image_head and self.spectrum_head:
            widths = self.image_head.width, self.spectrum_head.width
            if widths[0] != widths[1]:
                raise ConfigError(
                    f"both heads must end in one space, found widths {widths[0]} and {widths[1]}."
                )

    @property
    def preparation_version(self) -> int:
        """Version of the kind of preprocessing of the model."""
        return PREPARATION_VERSIONS[self.preparation]

    @property
    def dim(self) -> int:
        """Number of dimensions of an embedding."""
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
"""Model whose weights come with galsearch, for images of 96 pixels (25 arcsec) and DESI spectra."""
