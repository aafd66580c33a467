"""A name or a file to encoders that embed."""

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

_NUMBERS_AT_ONCE = 1_200_000
"""Of the token matrix that goes through the network: 8 published images, 2 published spectra."""


def load(
    path_or_name: str | Path = "galsearch-small",
    *,
    precision: Precision = "fp32",
    device: str = "cpu",
    report: Callable[[Agreement], None] | None = None,
) -> EncoderPair:
    """The encoders in a file of weights, or those that come with the package by their name.

    Parameters
    ----------
    path_or_name
        A safetensors file written by training or `convert_checkpoint`, or a name in
        `pretrained_names()`.
    precision
        Of the matrices of the blocks. `int8` and `bf16` embed the first batch of each modality
        in fp32 too, and refuse where a cosine between both is under 0.95 or their median under
        0.99. The fingerprint is
        that of the weights at any precision; stores of embeddings record the precision.
    device
        Where the network runs: `cpu` or `cuda`.
    report
        Called with the `Agreement` of each first batch.

    Raises
    ------
    CheckpointError
        Where there is neither such a file nor such a name, or the file is not whole.
    ConfigError
        Where the precision is unknown, or this processor does not gain by it.
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
    """Encoders around a model in memory, which is put into evaluation mode.

    On a CPU its matrices are copied into the form that is fastest there: weights that change
    afterwards need a new pair.
    """
    model.eval()
    digest, config = fingerprint(model), model.config
    device = next(model.parameters()).device
    network = (
        model
        if (precision, device.type) == ("fp32", "cuda")
        else with_fused_blocks(model, precision)
    )

    def precision_check(modality: Modality, exact: Forward) -> PrecisionCheck | None:
        if precision == "fp32":
            return None
        return PrecisionCheck(precision, modality, exact, report)

    image = spectrum = None
    if config.image is not None:
        batch_size = _at_once(config.image.n_patches, config.image.width)
        check = precision_check(Modality.IMAGE, model.image)
        forward = network.image_encoder.forward_itemwise
        image = ImageEncoder(config, digest, forward, batch_size, device, precision, check)
    if config.spectrum is not None:
        batch_size = _at_once(config.spectrum.max_tokens, config.spectrum.width)
        check = precision_check(Modality.SPECTRUM, model.spectrum)
        forward = network.spectrum_encoder.forward_itemwise
        spectrum = SpectrumEncoder(config, digest, forward, batch_size, device, precision, check)
    return EncoderPair(config, digest, image, spectrum)


def _at_once(n_tokens: int, width: int) -> int:
    """Items that go through the network together: enough for its matrices, few enough for the
    processor's cache.
    """
    return min(64, max(1, _NUMBERS_AT_ONCE // (n_tokens * width)))


def pretrained_names() -> tuple[str, ...]:
    """Names of the weights that come with the package."""
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
