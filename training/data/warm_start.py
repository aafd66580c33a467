"""Weights of an earlier model as the start of a training, with channels that it lacked."""

import dataclasses
from pathlib import Path

import torch

from galsearch.core.errors import CheckpointError
from galsearch.encoders import checkpoint
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from training.engine.stage_config import differences

_PATCHES = "image_encoder.backbone.patch_embed.proj.weight"


def load_weights(model: CrossModalModel, path: str | Path) -> str:
    """Load all weights from a file into a model; returns the fingerprint of the file's model.

    Where the file's model has no mask channels and `model` has some, their weights start at zero,
    so that the model gives the embeddings of the file until it is trained.

    Raises
    ------
    CheckpointError
        Where the file's model has other sizes.
    """
    source = checkpoint.read(path)
    found, wanted = source.config, model.config
    if found.image is not None and wanted.image is not None:
        image = dataclasses.replace(found.image, mask_channels=wanted.image.mask_channels)
        found = dataclasses.replace(found, image=image)
    ignored = {"name": wanted.name, "training_range": wanted.training_range}
    different = differences(dataclasses.replace(found, **ignored), wanted)  # type: ignore[arg-type]
    if different:
        raise CheckpointError(
            f"{path}: has another config than the model's: {'; '.join(different)}. Take a "
            "checkpoint of this architecture, or change the config."
        )
    tensors = dict(source.state_dict())
    patches, own = tensors[_PATCHES], model.state_dict()[_PATCHES]
    missing = own.shape[1] - patches.shape[1]
    if missing < 0:
        raise CheckpointError(
            f"{path}: its images have {patches.shape[1]} channels, those of the model "
            f"{own.shape[1]}. Set mask_channels = true."
        )
    zeros = torch.zeros(patches.shape[0], missing, *patches.shape[2:])
    model.load_state_dict({**tensors, _PATCHES: torch.cat([patches, zeros], dim=1)})
    return checkpoint.fingerprint(source)
