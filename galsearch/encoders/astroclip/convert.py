"""Published checkpoints become ours: tensors only, every name and shape checked first."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from galsearch.core.errors import CheckpointError, ConfigError
from galsearch.encoders import checkpoint
from galsearch.encoders.astroclip.checkpoint_reader import TensorFile, open_tensors
from galsearch.encoders.astroclip.published import Published, published_config, published_name
from galsearch.encoders.network.cross_modal_model import CrossModalModel

TITLES = {
    Published.ASTROCLIP: "AstroCLIP",
    Published.ASTRODINO: "AstroDINO",
    Published.SPECFORMER: "SpecFormer",
}
_SIGNS = {
    Published.ASTROCLIP: ("image_encoder.", "spectrum_encoder."),
    Published.ASTRODINO: ("backbone.patch_embed.", "patch_embed."),
    Published.SPECFORMER: ("data_embed.", "position_embed."),
}
"""How a name begins that only this one of the three has; the first that fits is taken."""
_OTHERS = {
    "layer1.0.conv1.weight": "a ResNet",
    "conv1.": "a convolutional network",
    "visual.": "a CLIP of photographs and captions",
    "embeddings.patch_embeddings.": "a vision transformer under Hugging Face's names",
    "blocks.0.norm1.weight": "a vision transformer without DINOv2's chunks of blocks",
    "encoder_q.": "a MoCo network (Stein et al.)",
}
"""Names that say what a checkpoint is that is none of the three."""
_WRAPPERS = ("module.", "_orig_mod.")
"""What PyTorch's wrappers (data parallel, compile) put before every name."""


def convert_checkpoint(
    path: str | Path, out: str | Path, config: Mapping[str, Any] | str | Path | None = None
) -> Path:
    """The path of new weights for `load`, made from a published checkpoint.

    Which of the three it is (AstroCLIP, AstroDINO, SpecFormer) its names say. No code of the
    checkpoint runs: names in it are never imported, and one that would have run code is refused.
    `out` appears whole or not at all.

    Parameters
    ----------
    path
        A Lightning checkpoint, a dictionary `{"teacher": ...}` or a plain dictionary of tensors
        as torch.save writes them, or safetensors.
    out
        The safetensors file to write, with config and fingerprint in its metadata.
    config
        Sizes other than the published ones: tables `image`, `specformer`, `head`, `clip` and
        `dino_head` with the reference's arguments, as a mapping or a JSON file. Numbers of
        attention heads do not show in shapes, so a smaller model needs it.

    Raises
    ------
    CheckpointError
        Where the file is missing, damaged, dangerous or of another architecture; lists every
        missing, unknown and mis-shaped name.
    ConfigError
        For sections or values that AstroCLIP does not have.
    """
    file = open_tensors(path)
    kind = _recognise(file)
    names = {_canonical(name, kind): name for name in file.tensors}
    prototypes = any(name.startswith("dino_head.") for name in names)
    model_config = published_config(kind, _sections(config), prototypes=prototypes)
    with torch.device("meta"):
        ours = CrossModalModel(model_config).state_dict()
    theirs = {name: published_name(kind, name) for name in ours}
    where = f"{path}, by its names {TITLES[kind]}"
    checkpoint.check_tensors(
        {theirs[name]: tensor for name, tensor in ours.items()},
        {name: file.tensors[stored] for name, stored in names.items()},
        where=where,
    )
    numbers = file.read(names.values())
    tensors = {name: numbers[names[theirs[name]]] for name in ours}
    model = checkpoint.build(model_config, tensors, where=where)
    checkpoint.save(out, model, note=f"converted from {Path(path).name}")
    return Path(out)


def _recognise(file: TensorFile) -> Published:
    """Which of the three published checkpoints these tensors are."""
    names = [_unwrapped(name) for name in file.tensors]
    for kind, signs in _SIGNS.items():
        if any(name.startswith(sign) for name in names for sign in signs):
            return kind
    seen = (what for sign, what in _OTHERS.items() if any(n.startswith(sign) for n in names))
    guess = next(seen, "of an architecture that galsearch does not know")
    if file.metadata.get("format") == checkpoint.FORMAT:
        guess = "converted already, or trained with galsearch: use it as it is"
    raise CheckpointError(
        f"{file.where}: {len(names)} tensors, such as {', '.join(names[:3])}: {guess}. Expected "
        "astroclip.ckpt (image_encoder.*, spectrum_encoder.*), astrodino.ckpt (backbone.*) or "
        "specformer.ckpt (data_embed.*, blocks.*)."
    )


def _canonical(name: str, kind: Published) -> str:
    """The name as published: no wrapper's prefix, and AstroDINO's backbone under `backbone.`."""
    name = _unwrapped(name)
    bare = kind is Published.ASTRODINO and not name.startswith(("backbone.", "dino_head."))
    return f"backbone.{name}" if bare else name


def _unwrapped(name: str) -> str:
    for wrapper in _WRAPPERS:
        name = name.removeprefix(wrapper)
    return name


def _sections(config: Mapping[str, Any] | str | Path | None) -> Mapping[str, Any]:
    if config is None or isinstance(config, Mapping):
        return config or {}
    try:
        sections = json.loads(Path(config).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{config}: cannot be read as JSON ({error}).") from None
    if not isinstance(sections, dict):
        raise ConfigError(f"{config}: holds {type(sections).__name__}; expected an object.")
    return sections
