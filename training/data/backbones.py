"""Backbones from an earlier training stage: loading them, and storing the tokens of frozen ones.

A backbone is the transformer of one modality, without the head that makes one embedding of its
tokens. Pre-training makes it; alignment adds a head and trains both, or the head alone.
"""

import dataclasses
from pathlib import Path

import torch
from torch import Tensor, nn

from galsearch.core.errors import CheckpointError
from galsearch.core.modality import Modality
from galsearch.dataset import GalaxyBatch
from galsearch.encoders import checkpoint
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.encoders.network.cross_modal_model import CrossModalModel, PooledEncoder
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra
from training.data.galaxies import TrainingGalaxies, make_in_first_process, prepared_chunks
from training.data.galaxy_arrays import HalfPrecisionArray, RowChunks, array_in_file
from training.engine.processes import Processes
from training.engine.stage_config import differences

BATCH_SIZE = 64
"""Number of galaxies that go through a frozen backbone at once."""
FIELDS_WITHOUT_WEIGHTS = ("class_token",)
"""Fields in which the config of a pre-trained backbone may differ from that of the model, because
they change no weights: AstroCLIP aligns only the patch tokens of AstroDINO, without its class
token."""


def encoder_of(model: CrossModalModel, modality: Modality) -> PooledEncoder:
    """The encoder of one modality of the model, that is its backbone and its head."""
    encoder = model.image_encoder if modality is Modality.IMAGE else model.spectrum_encoder
    assert isinstance(encoder, PooledEncoder)  # noqa: S101 (for the type checker)
    return encoder


def backbone_config(config: ModelConfig, modality: Modality) -> ModelConfig:
    """The model config of one modality's backbone alone, without heads and without the other
    modality.
    """
    section = getattr(config, modality.value)
    return ModelConfig(config.name, config.preparation, **{modality.value: section})


def backbone_model(model: CrossModalModel, modality: Modality) -> CrossModalModel:
    """A model of one modality without a head, which shares the backbone of `model` (no copy).

    Its embedding is the class token (images) or the mean of all tokens (spectra).
    """
    with torch.device("meta"):
        single = CrossModalModel(backbone_config(model.config, modality))
    encoder_of(single, modality).backbone = encoder_of(model, modality).backbone
    return single


def load_backbone(model: CrossModalModel, modality: Modality, path: str | Path) -> str:
    """Load the weights of a backbone from a file, and return the fingerprint of the backbone.

    Raises
    ------
    CheckpointError
        Where the file lacks the modality, or its backbone has sizes or an input preparation other
        than the model's.
    """
    source, own = checkpoint.read(path), model.config
    found, wanted = getattr(source.config, modality.value), getattr(own, modality.value)
    if found is None:
        raise CheckpointError(f"{path}: has no {modality.value} encoder to start from.")
    different = []
    if source.config.preparation != own.preparation:
        different = [f"preparation is {source.config.preparation!r}, not {own.preparation!r}"]
    for name in FIELDS_WITHOUT_WEIGHTS:
        if hasattr(found, name):
            found = dataclasses.replace(found, **{name: getattr(wanted, name)})
    different += differences(found, wanted, f"{modality.value}.")
    if different:
        raise CheckpointError(
            f"{path}: its backbone has another config than the model's: {'; '.join(different)}. "
            "Take a checkpoint of this architecture, or change the config."
        )
    weights = encoder_of(source, modality).backbone.state_dict()
    encoder_of(model, modality).backbone.load_state_dict(weights)
    return checkpoint.fingerprint(backbone_model(model, modality))


def prepare_pixels(batch: GalaxyBatch, modality: Modality, config: ModelConfig) -> Tensor:
    """The network inputs of a batch of galaxies for one modality: prepared images (B, C, H, W) or
    prepared spectra (B, tokens, features).
    """
    if modality is Modality.IMAGE:
        return prepare_images(batch.image_flux, batch.image_mask, config)
    return prepare_spectra(batch.spectrum_flux, batch.spectrum_ivar, batch.spectrum_mask, config)


def frozen_tokens(
    model: CrossModalModel,
    modality: Modality,
    galaxies: TrainingGalaxies,
    folder: Path,
    processes: Processes,
) -> HalfPrecisionArray:
    """(n, tokens, width) float16 output tokens of a frozen backbone for every galaxy; they are
    computed once and stored.

    The tokens are written to a file in `folder` in half precision, together with the fingerprint
    of the backbone, the version of the preparation and a digest of the galaxies.

    Raises
    ------
    CheckpointError
        Where a token file exists that was made by another backbone, from other galaxies, or by
        another version of the preparation.
    """
    made_from = {
        "tower": checkpoint.fingerprint(backbone_model(model, modality)),
        "preparation": model.config.preparation_version,
        "galaxies": galaxies.digest,
    }
    backbone = encoder_of(model, modality).backbone.to(processes.device).eval()

    def chunks() -> RowChunks:
        pixels = prepared_chunks(
            galaxies,
            modality,
            lambda batch: prepare_pixels(batch, modality, model.config),
            processes,
        )
        for rows, inputs in pixels:
            yield rows, _tokens(backbone, inputs, processes.device)

    path = folder / f"{modality.value}-tokens.npy"
    return make_in_first_process(
        processes, lambda: array_in_file(path, made_from, len(galaxies), chunks())
    )


@torch.inference_mode()
def _tokens(backbone: nn.Module, inputs: Tensor, device: torch.device) -> Tensor:
    return torch.cat([backbone(some.to(device)).cpu() for some in torch.split(inputs, BATCH_SIZE)])
