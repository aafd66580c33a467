"""Conversion of published AstroCLIP checkpoints to files of weights of this package.

Only tensors are taken over, and every name and shape is checked before any value is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from galsearch.core.errors import CheckpointError, ConfigError
from galsearch.encoders import checkpoint
from galsearch.encoders.astroclip.checkpoint_reader import TensorFile, open_tensors
from galsearch.encoders.astroclip.published import Published, published_config, published_name
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from galsearch.files.json_input import read_json

TITLES = {
    Published.ASTROCLIP: "AstroCLIP",
    Published.ASTRODINO: "AstroDINO",
    Published.SPECFORMER: "SpecFormer",
}
_NAME_PREFIXES = {
    Published.ASTROCLIP: ("image_encoder.", "spectrum_encoder."),
    Published.ASTRODINO: ("backbone.patch_embed.", "patch_embed."),
    Published.SPECFORMER: ("data_embed.", "position_embed."),
}
"""Prefixes of tensor names that identify each published checkpoint; the first match counts."""
_OTHER_ARCHITECTURES = {
    "layer1.0.conv1.weight": "a ResNet",
    "conv1.": "a convolutional network",
    "visual.": "a CLIP of photographs and captions",
    "embeddings.patch_embeddings.": "a vision transformer under Hugging Face's names",
    "blocks.0.norm1.weight": "a vision transformer without DINOv2's chunks of blocks",
    "encoder_q.": "a MoCo network (Stein et al.)",
}
"""Prefixes of tensor names that identify some other architectures, for the error message."""
_WRAPPERS = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
"""Parts of tensor names that PyTorch's wrappers add: parallel, compiled and checkpointed modules.

A wrapper may stand around the model or around any part of it.
"""


def convert_checkpoint(
    path: str | Path, out: str | Path, config: Mapping[str, Any] | str | Path | None = None
) -> Path:
    """Convert a published AstroCLIP checkpoint; the path of the new file of weights is returned.

    The tensor names show which of the three published models (AstroCLIP, AstroDINO, SpecFormer)
    the checkpoint holds. No code of the checkpoint runs: names in it are never imported, and a
    checkpoint that would run code is refused. `out` is written atomically.

    Parameters
    ----------
    path
        A Lightning checkpoint, a dictionary `{"teacher": ...}` or a plain dictionary of tensors
        as torch.save writes them, or safetensors.
    out
        The safetensors file to write, with config and fingerprint in its metadata.
    config
        Sizes other than the published ones: tables `image`, `specformer`, `head`, `clip` and
        `dino_head` with the arguments of the published code, as a mapping or a JSON file. A
        smaller model needs it, because tensor shapes do not show the number of attention heads.

    Raises
    ------
    CheckpointError
        Where the file is missing, damaged, dangerous or of another architecture; the message
        lists every tensor that is missing, unknown or of another shape.
    ConfigError
        Where `config` has sections or values that AstroCLIP does not have.
    """
    file = open_tensors(path)
    kind, names = _recognise(file)
    prototypes = any(name.startswith("dino_head.") for name in names)
    model_config = published_config(kind, _sections(config), prototypes=prototypes)
    with torch.device("meta"):
        expected = CrossModalModel(model_config).state_dict()
    published = {name: published_name(kind, name) for name in expected}
    where = f"{path}, recognised as {TITLES[kind]}"
    checkpoint.check_tensors(
        {published[name]: tensor for name, tensor in expected.items()},
        {name: file.tensors[stored] for name, stored in names.items()},
        where=where,
    )
    stored_tensors = file.read(names.values())
    tensors = {name: stored_tensors[names[published[name]]] for name in expected}
    model = checkpoint.build(model_config, tensors, where=where)
    checkpoint.save(out, model, note=f"converted from {Path(path).name}")
    return Path(out)


def _recognise(file: TensorFile) -> tuple[Published, dict[str, str]]:
    """The published model in a checkpoint, and its names in the file by their published names.

    A prefix that all names share, such as that of a module that holds the model, is left out if
    the names are known without it.
    """
    names = _without_wrappers(file)
    kind, shared = _kind(names), ""
    while kind is None and (first := _shared_first_part(names)):
        shared += first
        names = {name.removeprefix(first): stored for name, stored in names.items()}
        kind = _kind(names)
    if kind is None:
        raise _unknown_architecture(file, [shared + name for name in names])
    return kind, {_canonical(name, kind): stored for name, stored in names.items()}


def _without_wrappers(file: TensorFile) -> dict[str, str]:
    """Names in the file by the names without the parts that wrappers add."""
    names: dict[str, str] = {}
    for stored in file.tensors:
        name = ".".join(part for part in stored.split(".") if part not in _WRAPPERS)
        if name in names:
            raise CheckpointError(
                f"{file.where}: tensor {name} is stored twice, as {names[name]} and as {stored}."
            )
        names[name] = stored
    return names


def _kind(names: Iterable[str]) -> Published | None:
    for kind, prefixes in _NAME_PREFIXES.items():
        if any(name.startswith(prefixes) for name in names):
            return kind
    return None


def _shared_first_part(names: Iterable[str]) -> str:
    """First part of all names with its dot, such as 'model.'; empty where they differ in it."""
    firsts = {name.partition(".")[0] + name.partition(".")[1] for name in names}
    return firsts.pop() if len(firsts) == 1 and all(f.endswith(".") for f in firsts) else ""


def _unknown_architecture(file: TensorFile, names: Sequence[str]) -> CheckpointError:
    guesses = (
        title
        for prefix, title in _OTHER_ARCHITECTURES.items()
        if any(name.startswith(prefix) for name in names)
    )
    guess = next(guesses, "an unknown architecture")
    if file.metadata.get("format") == checkpoint.FORMAT:
        guess = "weights of galsearch, which need no conversion"
    return CheckpointError(
        f"{file.where}: {len(names)} tensors, such as {', '.join(names[:3])}: {guess}. Expected "
        "astroclip.ckpt (image_encoder.*, spectrum_encoder.*), astrodino.ckpt (backbone.*) or "
        "specformer.ckpt (data_embed.*, blocks.*)."
    )


def _canonical(name: str, kind: Published) -> str:
    """Tensor name as published, which begins with `backbone.` for AstroDINO."""
    is_bare = kind is Published.ASTRODINO and not name.startswith(("backbone.", "dino_head."))
    return f"backbone.{name}" if is_bare else name


def _sections(config: Mapping[str, Any] | str | Path | None) -> Mapping[str, Any]:
    if config is None or isinstance(config, Mapping):
        return config or {}
    sections = read_json(Path(config), ConfigError)
    if not isinstance(sections, dict):
        raise ConfigError(f"{config}: holds {type(sections).__name__}; expected an object.")
    return sections
