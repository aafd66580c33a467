"""Towers that come from an earlier stage: read into a model, frozen, embedded once.

A tower is the backbone of a modality. Pre-training makes it, alignment puts a head on it.
"""

import dataclasses
from pathlib import Path

import torch
from torch import Tensor, nn

from galsearch.core.errors import CheckpointError
from galsearch.core.modality import Modality
from galsearch.dataset import GalaxyBatch
from galsearch.encoders import checkpoint
from galsearch.encoders.encoder_config import PREPARATION_VERSION, ModelConfig
from galsearch.encoders.network.cross_modal_model import CrossModalModel, PooledEncoder
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra
from training.data.galaxies import Galaxies, chunks_of, made_once
from training.data.rows import Chunks, Rows, rows_in_file
from training.engine.processes import Processes
from training.engine.stage_config import differences

AT_ONCE = 64
"""Galaxies that go through a frozen tower together."""
WITHOUT_WEIGHTS = ("class_token",)
"""Fields in which the config of a pre-trained tower may differ: AstroCLIP aligns AstroDINO's
patch tokens alone."""


def encoder_of(model: CrossModalModel, modality: Modality) -> PooledEncoder:
    """The backbone and head of a modality."""
    encoder = model.image_encoder if modality is Modality.IMAGE else model.spectrum_encoder
    assert isinstance(encoder, PooledEncoder)  # noqa: S101 (for the type checker)
    return encoder


def alone(config: ModelConfig, modality: Modality) -> ModelConfig:
    """The config of a tower without head and without the other modality."""
    section = getattr(config, modality.value)
    return ModelConfig(config.name, config.preparation, **{modality.value: section})


def tower_alone(model: CrossModalModel, modality: Modality) -> CrossModalModel:
    """A model of one modality with the same backbone (not a copy), without a head.

    It embeds by the class token (images) or the mean of all tokens (spectra).
    """
    with torch.device("meta"):
        tower = CrossModalModel(alone(model.config, modality))
    encoder_of(tower, modality).backbone = encoder_of(model, modality).backbone
    return tower


def start_tower(model: CrossModalModel, modality: Modality, path: str | Path) -> str:
    """Give a backbone the weights of the file's; the fingerprint of what it then is.

    Raises
    ------
    CheckpointError
        Where the file lacks that modality, or its tower has another preparation or other sizes.
    """
    given, own = checkpoint.read(path), model.config
    found, wanted = getattr(given.config, modality.value), getattr(own, modality.value)
    if found is None:
        raise CheckpointError(f"{path}: has no {modality.value} encoder to start from.")
    different = []
    if given.config.preparation != own.preparation:
        different = [f"preparation is {given.config.preparation!r}, not {own.preparation!r}"]
    for name in WITHOUT_WEIGHTS:
        if hasattr(found, name):
            found = dataclasses.replace(found, **{name: getattr(wanted, name)})
    different += differences(found, wanted, f"{modality.value}.")
    if different:
        raise CheckpointError(
            f"{path}: a tower of another config than the model's: {'; '.join(different)}. Take "
            "a checkpoint of this architecture, or change the config."
        )
    weights = encoder_of(given, modality).backbone.state_dict()
    encoder_of(model, modality).backbone.load_state_dict(weights)
    return checkpoint.fingerprint(tower_alone(model, modality))


def prepare(batch: GalaxyBatch, modality: Modality, config: ModelConfig) -> Tensor:
    """The pixels of one modality as the model takes them."""
    if modality is Modality.IMAGE:
        return prepare_images(batch.image_flux, batch.image_mask, config)
    return prepare_spectra(batch.spectrum_flux, batch.spectrum_ivar, batch.spectrum_mask, config)


def frozen_tokens(
    model: CrossModalModel,
    modality: Modality,
    galaxies: Galaxies,
    folder: Path,
    processes: Processes,
) -> Rows:
    """(n, tokens, width): what a frozen backbone makes of every galaxy, computed once.

    The file in `folder` holds half-precision numbers and tells of tower, preparation and
    galaxies; where one of them is another, it is refused.
    """
    tower = tower_alone(model, modality)
    made_from = {
        "tower": checkpoint.fingerprint(tower),
        "preparation": PREPARATION_VERSION,
        "galaxies": galaxies.digest,
    }
    backbone = encoder_of(model, modality).backbone.to(processes.device).eval()

    def chunks() -> Chunks:
        pixels = chunks_of(
            galaxies, modality, lambda batch: prepare(batch, modality, model.config), processes
        )
        for rows, inputs in pixels:
            yield rows, _through(backbone, inputs, processes.device)

    path = folder / f"{modality.value}-tokens.npy"
    return made_once(processes, lambda: rows_in_file(path, made_from, len(galaxies), chunks()))


@torch.inference_mode()
def _through(backbone: nn.Module, inputs: Tensor, device: torch.device) -> Tensor:
    return torch.cat([backbone(some.to(device)).cpu() for some in torch.split(inputs, AT_ONCE)])
