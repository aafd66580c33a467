"""Sizes and tensor names of the published AstroCLIP checkpoints.

There are three files: astroclip.ckpt (both backbones and heads, 446 tensors), astrodino.ckpt (the
image backbone and its pre-training head, 351) and specformer.ckpt (the spectrum backbone, 79).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from galsearch.core.errors import ConfigError
from galsearch.encoders.encoder_config import (
    HeadConfig,
    ImageConfig,
    ModelConfig,
    PrototypeConfig,
    SpectrumConfig,
)
from galsearch.encoders.network.image_network import POSITION_OFFSET
from galsearch.files.config import config_from_table


class Published(StrEnum):
    """The three published checkpoints: AstroCLIP, AstroDINO and SpecFormer."""

    ASTROCLIP = "astroclip"
    ASTRODINO = "astrodino"
    SPECFORMER = "specformer"


PREFIXES: dict[Published, dict[str, str]] = {
    Published.ASTROCLIP: {
        "image_encoder.": "image_encoder.",
        "spectrum_encoder.": "spectrum_encoder.",
    },
    Published.ASTRODINO: {"backbone.": "image_encoder.backbone.", "dino_head.": "dino_head."},
    Published.SPECFORMER: {"": "spectrum_encoder.backbone."},
}
"""Prefixes of tensor names of each published checkpoint, and the prefix of each in galsearch."""


@dataclass(frozen=True)
class ImageSection:
    """Arguments of DINOv2's vision transformer (table `image`); the default is ViT-L/12."""

    img_size: int = 144
    patch_size: int = 12
    in_chans: int = 3
    embed_dim: int = 1024
    depth: int = 24
    num_heads: int = 16
    mlp_ratio: int = 4
    qkv_bias: Literal[True] = True
    ffn_bias: Literal[True] = True
    proj_bias: Literal[True] = True
    init_values: float = 1e-5
    ffn_layer: Literal["mlp"] = "mlp"
    block_chunks: int = 4
    num_register_tokens: Literal[0] = 0
    interpolate_antialias: Literal[False] = False
    interpolate_offset: float = POSITION_OFFSET

    def __post_init__(self) -> None:
        if self.interpolate_offset != POSITION_OFFSET:
            raise ConfigError(
                f"interpolate_offset is {self.interpolate_offset}; expected {POSITION_OFFSET}."
            )


@dataclass(frozen=True)
class SpectrumSection:
    """Arguments of the spectrum transformer SpecFormer (table `specformer`).

    `norm_first` and `dropout` do not affect embeddings.
    """

    input_dim: int = 22
    embed_dim: int = 768
    num_layers: int = 6
    num_heads: int = 6
    max_len: int = 800
    mask_num_chunks: int = 6
    mask_chunk_width: int = 50
    slice_section_length: int = 20
    slice_overlap: int = 10
    dropout: float = 0.0
    norm_first: bool = False


@dataclass(frozen=True)
class HeadSection:
    """Arguments of AstroCLIP's cross-attention heads for both modalities (table `head`)."""

    embed_dim: int = 1024
    n_head: int = 4
    dropout: float = 0.1
    image_model_embed_dim: int = 1024
    spectrum_model_embed_dim: int = 768


@dataclass(frozen=True)
class ClipSection:
    """Arguments of AstroCLIP's contrastive loss (table `clip`).

    `temperature` is the factor of the cosines; the published loss never uses `logit_scale`.
    """

    temperature: float = 15.5
    logit_scale: float = 15.5


@dataclass(frozen=True)
class PrototypeSection:
    """Arguments of DINO's projection head (table `dino_head`)."""

    in_dim: int = 1024
    out_dim: int = 65536
    nlayers: int = 3
    hidden_dim: int = 2048
    bottleneck_dim: int = 256


@dataclass(frozen=True)
class Sections:
    """Arguments of the published code of AstroCLIP; the defaults are those of its checkpoints."""

    image: ImageSection = field(default_factory=ImageSection)
    specformer: SpectrumSection = field(default_factory=SpectrumSection)
    head: HeadSection = field(default_factory=HeadSection)
    clip: ClipSection = field(default_factory=ClipSection)
    dino_head: PrototypeSection = field(default_factory=PrototypeSection)


def published_config(
    kind: Published, sections: Mapping[str, Any] | None = None, *, prototypes: bool = True
) -> ModelConfig:
    """Configuration of the model in a published AstroCLIP checkpoint.

    Parameters
    ----------
    kind
        The published checkpoint.
    sections
        Tables `image`, `specformer`, `head`, `clip` and `dino_head` with the arguments that
        differ from the published ones.
    prototypes
        True where an AstroDINO checkpoint holds its pre-training head.

    Raises
    ------
    ConfigError
        Where a section or argument is unknown, or a value is one that AstroCLIP does not have.

    Examples
    --------
    >>> published_config(Published.ASTROCLIP).dim
    1024
    """
    given = config_from_table(sections or {}, Sections, where="sizes of the checkpoint")
    if kind is Published.SPECFORMER:
        return ModelConfig(kind.value, "released", spectrum=_spectrum(given.specformer))
    if kind is Published.ASTRODINO:
        head = _prototypes(given) if prototypes else None
        image = _image(given.image, class_token=True)
        return ModelConfig(kind.value, "released", image=image, prototypes=head)
    _check_widths(given)
    return ModelConfig(
        kind.value,
        "released",
        image=_image(given.image, class_token=False),
        spectrum=_spectrum(given.specformer),
        image_head=_head(given.head, residual=False),
        spectrum_head=_head(given.head, residual=True),
        logit_scale=given.clip.temperature,
    )


def published_name(kind: Published, name: str) -> str:
    """Name in a published checkpoint of the tensor that galsearch calls `name`.

    Examples
    --------
    >>> published_name(Published.SPECFORMER, "spectrum_encoder.backbone.head.bias")
    'head.bias'
    """
    matches = (prefixes for prefixes in PREFIXES[kind].items() if name.startswith(prefixes[1]))
    published, own = next(matches, ("", ""))
    return published + name[len(own) :]


def _image(section: ImageSection, *, class_token: bool) -> ImageConfig:
    return ImageConfig(
        image_size=section.img_size,
        patch_size=section.patch_size,
        n_bands=section.in_chans,
        width=section.embed_dim,
        depth=section.depth,
        n_heads=section.num_heads,
        mlp_ratio=section.mlp_ratio,
        block_chunks=section.block_chunks,
        layer_scale=True,
        class_token=class_token,
    )


def _spectrum(section: SpectrumSection) -> SpectrumConfig:
    config = SpectrumConfig(
        n_log_pixels=0,
        slice_length=section.slice_section_length,
        slice_step=section.slice_section_length - section.slice_overlap,
        n_channels=1,
        n_summary=2,
        max_tokens=section.max_len,
        stem_widths=(),
        width=section.embed_dim,
        depth=section.num_layers,
        n_heads=section.num_heads,
    )
    if config.n_features != section.input_dim:
        raise ConfigError(
            f"sizes of the checkpoint: specformer.input_dim is {section.input_dim}, expected "
            f"slice_section_length + 2 = {config.n_features}."
        )
    return config


def _head(section: HeadSection, *, residual: bool) -> HeadConfig:
    return HeadConfig(
        width=section.embed_dim,
        n_heads=section.n_head,
        residual=residual,
        dropout=section.dropout,
    )


def _prototypes(given: Sections) -> PrototypeConfig:
    section = given.dino_head
    if section.in_dim != given.image.embed_dim:
        raise ConfigError(
            f"sizes of the checkpoint: dino_head.in_dim is {section.in_dim}, expected "
            f"image.embed_dim = {given.image.embed_dim}."
        )
    return PrototypeConfig(
        section.out_dim, section.nlayers, section.hidden_dim, section.bottleneck_dim
    )


def _check_widths(given: Sections) -> None:
    pairs = {
        "image_model_embed_dim": (given.head.image_model_embed_dim, given.image.embed_dim),
        "spectrum_model_embed_dim": (
            given.head.spectrum_model_embed_dim,
            given.specformer.embed_dim,
        ),
    }
    for name, (given_width, width) in pairs.items():
        if given_width != width:
            raise ConfigError(
                f"sizes of the checkpoint: head.{name} is {given_width}, expected the width of the "
                f"backbone, {width}."
            )
