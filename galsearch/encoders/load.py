"""Loading of encoders, by the name of shipped weights or from a file."""

import dataclasses
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from galsearch.core.errors import CheckpointError
from galsearch.core.modality import Modality
from galsearch.encoders.checkpoint import fingerprint, read
from galsearch.encoders.encoder import EncoderPair, ImageEncoder, SpectrumEncoder
from galsearch.encoders.inference.fused_blocks import with_fused_blocks
from galsearch.encoders.inference.precision import (
    Agreement,
    Forward,
    Precision,
    PrecisionCheck,
    check_precision,
)
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from galsearch.encoders.network.spectrum_network import SpectrumBackbone

_MAX_TOKEN_VALUES = 1_200_000
"""Target size of the token matrix (galaxies x tokens x width) that goes through the network.

It is large enough for efficient matrix products and small enough for the cache of a processor:
8 images or 2 spectra of the published model.
"""
_MAX_BATCH_SIZE = 64


def load(
    path_or_name: str | Path = "galsearch-small",
    *,
    precision: Precision = "fp32",
    device: str = "cpu",
    report: Callable[[Agreement], None] | None = None,
) -> EncoderPair:
    """The image and spectrum encoders in a file of weights, or of weights shipped under a name.

    Parameters
    ----------
    path_or_name
        A safetensors file written by training or `convert_checkpoint`, or a name in
        `pretrained_names()`.
    precision
        Numerical precision of the matrix products in the transformer blocks. With `int8` and
        `bf16` the first batch of each modality is also embedded in fp32, and an error is raised
        where a cosine between both is under 0.95 or their median under 0.99. The fingerprint
        does not depend on the precision; stores of embeddings record it separately.
    device
        Device on which the network runs: `cpu` or `cuda`.
    report
        Function that is called with the `Agreement` of the first batch of each modality.

    Raises
    ------
    CheckpointError
        Where there is neither such a file nor such a name, or the file is incomplete.
    ConfigError
        Where the precision is unknown, or this processor gains nothing by it.

    Examples
    --------
    >>> import numpy as np
    >>> encoders = load("galsearch-small")
    >>> encoders.image.embed(np.full((2, 3, 96, 96), 0.1)).shape
    (2, 128)
    """
    check_precision(precision, device)
    model = read(_find(path_or_name))
    return pair_from_model(model.to(device), precision=precision, report=report)


def pair_from_model(
    model: CrossModalModel,
    *,
    precision: Precision = "fp32",
    report: Callable[[Agreement], None] | None = None,
) -> EncoderPair:
    """Image and spectrum encoders that use a model in memory, which is put into evaluation mode.

    On a CPU the matrices are copied into the memory layout that is fastest there, so weights that
    change afterwards need a new pair.

    Parameters
    ----------
    model
        Model with the weights to be used.
    precision
        Numerical precision of the matrix products: `fp32`, `bf16` or `int8`.
    report
        Function that is called with the `Agreement` of the first batch of each modality.
    """
    model.eval()
    digest, config = fingerprint(model), model.config
    device = next(model.parameters()).device
    is_plain = precision == "fp32" and device.type == "cuda"
    network = model if is_plain else with_fused_blocks(model, precision)

    def precision_check(modality: Modality, exact: Forward) -> PrecisionCheck | None:
        if precision == "fp32":
            return None
        return PrecisionCheck(precision, modality, exact, report)

    image = spectrum = None
    if config.image is not None:
        batch_size = _batch_size(config.image.n_patches, config.image.width)
        check = precision_check(Modality.IMAGE, model.image)
        forward = network.image_encoder.forward_itemwise
        image = ImageEncoder(config, digest, forward, batch_size, device, precision, check)
    if config.spectrum is not None:
        batch_size = _batch_size(config.spectrum.max_tokens, config.spectrum.width)
        check = precision_check(Modality.SPECTRUM, model.spectrum)
        forward = network.spectrum_encoder.forward_itemwise
        spectrum = SpectrumEncoder(config, digest, forward, batch_size, device, precision, check)
        if config.spectrum.n_templates:
            backbone = model.spectrum_encoder.backbone
            assert isinstance(backbone, SpectrumBackbone)  # noqa: S101 (for the type checker)
            spectrum = dataclasses.replace(
                spectrum,
                redshift_log_odds=backbone.redshift_log_odds,
                redshift_bin_width=backbone.templates.bin_width,
            )
    return EncoderPair(config, digest, image, spectrum)


def _batch_size(n_tokens: int, width: int) -> int:
    """Number of galaxies that go through the network together."""
    return min(_MAX_BATCH_SIZE, max(1, _MAX_TOKEN_VALUES // (n_tokens * width)))


def pretrained_names() -> tuple[str, ...]:
    """Names of the weights that come with the package.

    Examples
    --------
    >>> pretrained_names()
    ('galsearch-small',)
    """
    folder = resources.files("galsearch.encoders") / "pretrained"
    if not folder.is_dir():
        return ()
    names = (entry.name for entry in folder.iterdir())
    return tuple(
        sorted(n.removesuffix(".safetensors") for n in names if n.endswith(".safetensors"))
    )


def _find(path_or_name: str | Path) -> Path:
    if str(path_or_name) in pretrained_names():
        folder = Path(str(resources.files("galsearch.encoders") / "pretrained"))
        return folder / f"{path_or_name}.safetensors"
    if Path(path_or_name).is_file():
        return Path(path_or_name)
    raise CheckpointError(
        f"{path_or_name}: neither a file nor one of the encoders that come with galsearch "
        f"({', '.join(pretrained_names()) or 'none'})."
    )
