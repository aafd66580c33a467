"""The embedding of one batch of galaxies: preparation by any thread, then the network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from galsearch.core.arrays import Vectors
from galsearch.core.vectors import QualityBits
from galsearch.dataset.batch import GalaxyBatch
from galsearch.embeddings.embed_task import EmbedTask
from galsearch.embeddings.encoder_protocol import AssessesQuality, PreparesInputs

Embedded = tuple[Vectors, QualityBits | None]
"""(m, d) unit vectors, and (m,) bits of `InputQuality`, None where the encoder gives none."""


@dataclass(frozen=True, eq=False)
class PreparedBatch:
    """The galaxies of a batch that have the modality of a task, ready for its network."""

    task: EmbedTask
    pixels: tuple[Any, ...]
    """Arguments of the encoder's `embed`; empty where `inputs` replaces them."""
    inputs: Any = None
    """Inputs that the encoder prepared; None for an encoder that prepares none."""
    quality: QualityBits | None = None


def prepare_batch(task: EmbedTask, batch: GalaxyBatch) -> PreparedBatch:
    """The inputs of a task's network for a batch; several threads may call this at once.

    An encoder that does not prepare inputs does all its work in `start_batch`.
    """
    pixels, encoder = task.pixels(batch), task.encoder
    if not isinstance(encoder, PreparesInputs) or not len(pixels[0]):
        return PreparedBatch(task, pixels)
    quality = encoder.quality(*pixels) if isinstance(encoder, AssessesQuality) else None
    return PreparedBatch(task, (), encoder.prepare(*pixels), quality)


def start_batch(prepared: PreparedBatch) -> Callable[[], Embedded]:
    """Begin to embed a prepared batch; the function that is returned waits for the result."""
    task, encoder = prepared.task, prepared.task.encoder
    if isinstance(encoder, PreparesInputs) and prepared.inputs is not None:
        vectors = encoder.start(prepared.inputs)
        return lambda: (vectors(), prepared.quality)
    assesses = isinstance(encoder, AssessesQuality)
    if not len(prepared.pixels[0]):
        nothing = np.zeros((0, task.dim), np.float32)
        return lambda: (nothing, np.zeros(0, np.uint16) if assesses else None)
    embed: Any = encoder.embed
    found = embed(*prepared.pixels)
    bits = encoder.quality(*prepared.pixels) if isinstance(encoder, AssessesQuality) else None
    return lambda: (found, bits)
