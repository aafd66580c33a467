"""A name or a file to encoders that embed."""

from importlib import resources
from pathlib import Path

from galsearch.core.errors import CheckpointError
from galsearch.encoders.checkpoint import fingerprint, read
from galsearch.encoders.model import CrossModalModel
from galsearch.encoders.towers import EncoderPair, ImageEncoder, SpectrumEncoder


def load(path_or_name: str | Path = "galsearch-small") -> EncoderPair:
    """The encoders in a file of weights, or those that come with the package by their name.

    Parameters
    ----------
    path_or_name
        A safetensors file written by training or `convert_checkpoint`, or a name in
        `pretrained_names()`.

    Raises
    ------
    CheckpointError
        Where there is neither such a file nor such a name, or the file is not whole.
    """
    return pair_of(read(_find(path_or_name)))


def pair_of(model: CrossModalModel) -> EncoderPair:
    """Encoders around a model in memory, which is put into evaluation mode."""
    model.eval()
    digest, config = fingerprint(model), model.config
    # One published item fills a processor, and alone it gives the same numbers in any batch.
    at_once = 1 if config.preparation == "released" else 64
    image = spectrum = None
    if config.image is not None:
        image = ImageEncoder(config, digest, model.image, at_once)
    if config.spectrum is not None:
        spectrum = SpectrumEncoder(config, digest, model.spectrum, at_once)
    return EncoderPair(config, digest, image, spectrum)


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
