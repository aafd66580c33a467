"""Loading of encoders, by the name of shipped weights or from a file."""

import dataclasses
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import torch

from galsearch.core.errors import CheckpointError, DeviceFailedError
from galsearch.core.modality import Modality
from galsearch.encoders.checkpoint import fingerprint, read
from galsearch.encoders.encoder import EncoderPair, ImageEncoder, SpectrumEncoder
from galsearch.encoders.inference.compiled_forward import CompiledForward
from galsearch.encoders.inference.compute_device import (
    choose_device,
    default_precision,
    device_failures,
    free_bytes,
)
from galsearch.encoders.inference.device_blocks import with_bfloat16_blocks
from galsearch.encoders.inference.fused_blocks import with_fused_blocks
from galsearch.encoders.inference.parted_forward import PartedForward, device_batch_size
from galsearch.encoders.inference.precision import (
    Agreement,
    Forward,
    Precision,
    PrecisionCheck,
    check_precision,
)
from galsearch.encoders.network.cross_modal_model import CrossModalModel, PooledEncoder
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
    precision: Precision | None = None,
    device: str = "cpu",
    report: Callable[[Agreement], None] | None = None,
    batch_size: int | None = None,
    compiled: bool = False,
) -> EncoderPair:
    """The image and spectrum encoders in a file of weights, or of weights shipped under a name.

    Parameters
    ----------
    path_or_name
        A safetensors file written by training or `convert_checkpoint`, or a name in
        `pretrained_names()`.
    precision
        Numerical precision of the matrix products in the transformer blocks; by default `fp32` on
        a CPU and `bf16` on a GPU. With `int8` and
        `bf16` the first batch of each modality is also embedded in fp32, and an error is raised
        where a cosine between both is under 0.95 or their median under 0.99. The fingerprint
        does not depend on the precision; stores of embeddings record it separately.
    device
        Device on which the network runs: `cpu`, `cuda`, `cuda:N`, or `auto` for a GPU where
        PyTorch sees one and the CPU elsewhere.
    report
        Function that is called with the `Agreement` of the first batch of each modality.
    batch_size
        Number of galaxies that go through a network together on a GPU; by default it follows the
        size of the network and the free memory. Where memory runs out, smaller parts are computed.
    compiled
        Compile the networks on a GPU. That takes about a minute, and pays for a million galaxies.

    Raises
    ------
    CheckpointError
        Where there is neither such a file nor such a name, or the file is incomplete.
    NoGpuError
        Where a GPU is named that PyTorch does not see.
    DeviceFailedError
        Where the model does not fit the memory of the GPU.
    ConfigError
        Where the precision is unknown, or this processor gains nothing by it.

    Examples
    --------
    >>> import numpy as np
    >>> encoders = load("galsearch-small")
    >>> encoders.image.embed(np.full((2, 3, 96, 96), 0.1)).shape
    (2, 128)
    """
    where = choose_device(device)
    precision = precision or default_precision(where)
    check_precision(precision, where.type)
    model = read(_find(path_or_name))
    try:
        with device_failures(where):
            model = model.to(where)
    except torch.OutOfMemoryError:
        raise DeviceFailedError(
            f"the device {where} has too little free memory for the weights of {path_or_name}."
        ) from None
    return pair_from_model(
        model, precision=precision, report=report, batch_size=batch_size, compiled=compiled
    )


def pair_from_model(
    model: CrossModalModel,
    *,
    precision: Precision = "fp32",
    report: Callable[[Agreement], None] | None = None,
    batch_size: int | None = None,
    compiled: bool = False,
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
    batch_size
        Number of galaxies that go through a network together on a GPU; by default it follows the
        size of the network and the free memory.
    compiled
        Compile the networks on a GPU.
    """
    model.eval()
    digest, config = fingerprint(model), model.config
    device = next(model.parameters()).device
    network = _inference_network(model, precision, device)

    def precision_check(modality: Modality, exact: Forward) -> PrecisionCheck | None:
        if precision == "fp32":
            return None
        return PrecisionCheck(precision, modality, exact, report)

    image = spectrum = None
    if config.image is not None:
        size = _batch_size(config.image.n_patches, config.image.width, device, batch_size)
        check = precision_check(Modality.IMAGE, model.image)
        forward = _forward(network.image_encoder, device, compiled=compiled)
        image = ImageEncoder(config, digest, forward, size, device, precision, check)
    if config.spectrum is not None:
        size = _batch_size(config.spectrum.max_tokens, config.spectrum.width, device, batch_size)
        check = precision_check(Modality.SPECTRUM, model.spectrum)
        forward = _forward(network.spectrum_encoder, device, compiled=compiled)
        spectrum = SpectrumEncoder(config, digest, forward, size, device, precision, check)
        if config.spectrum.n_templates:
            backbone = model.spectrum_encoder.backbone
            assert isinstance(backbone, SpectrumBackbone)  # noqa: S101 (for the type checker)
            spectrum = dataclasses.replace(
                spectrum,
                redshift_log_odds=backbone.redshift_log_odds,
                redshift_bin_width=backbone.templates.bin_width,
            )
    return EncoderPair(config, digest, image, spectrum)


def _inference_network(
    model: CrossModalModel, precision: Precision, device: torch.device
) -> CrossModalModel:
    """A model with the blocks that are fastest on a device in some precision."""
    if device.type != "cuda":
        return with_fused_blocks(model, precision)
    return model if precision == "fp32" else with_bfloat16_blocks(model)


def _forward(encoder: PooledEncoder, device: torch.device, *, compiled: bool) -> Forward:
    """The forward pass of a network on a device.

    On a GPU the head is applied to all galaxies of a batch at once, because thousands of small
    operations would take longer than the network.
    """
    if device.type != "cuda":
        return encoder.forward_itemwise
    return PartedForward(CompiledForward(encoder.forward) if compiled else encoder.forward)


def _batch_size(n_tokens: int, width: int, device: torch.device, wanted: int | None) -> int:
    """Number of galaxies that go through the network together; `wanted` is that on a GPU."""
    free = free_bytes(device)
    if free is not None:
        return wanted or device_batch_size(n_tokens, width, free)
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
