"""Recorded outputs of the published code, where they lie beside the checkout, and its models."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from galsearch.encoders import EncoderPair, checkpoint, convert_checkpoint, load
from galsearch.encoders.encoder_config import HeadConfig, ImageConfig, ModelConfig, SpectrumConfig
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from tests.reference.parity import PARITY

CHECKPOINTS = {
    "tiny_astroclip_lightning.ckpt": 90,
    "tiny_astroclip_state.safetensors": 90,
    "tiny_astrodino_teacher.pt": None,
    "tiny_specformer_ckpt.pt": None,
}
"""Tiny checkpoints in the formats of the published ones, and how many tensors each has."""
TINY = ModelConfig(
    name="tiny",
    preparation="galsearch",
    image=ImageConfig(image_size=24, width=16, depth=2, n_heads=2),
    spectrum=SpectrumConfig(
        n_pixels=200,
        n_log_pixels=200,
        slice_length=20,
        slice_step=20,
        max_tokens=11,
        stem_widths=(8,),
        stem_strides=(4, 5),
        width=16,
        depth=2,
        n_heads=2,
    ),
    image_head=HeadConfig(width=16, n_heads=2),
    spectrum_head=HeadConfig(width=16, n_heads=2),
)
"""A tiny model with the architecture of galsearch-small."""


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(min(2, before))
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def parity() -> Path:
    if not PARITY.is_dir():
        pytest.skip("no reference numbers beside this checkout (../shared/parity)")
    return PARITY


@pytest.fixture(scope="session")
def recorded(parity: Path) -> Callable[[str], dict[str, Tensor]]:
    """Reads a file of recorded tensors by its name."""
    return lambda name: load_file(parity / f"{name}.safetensors")


@pytest.fixture(scope="session")
def facts(parity: Path) -> Callable[[str], dict[str, Any]]:
    """Reads a file of facts about the published code by its name."""
    return lambda name: json.loads((parity / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def converted(parity: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The converted file of a tiny checkpoint, by its name."""
    folder, made = tmp_path_factory.mktemp("converted"), {}

    def convert(name: str) -> Path:
        if name not in made:
            out = folder / f"{name}.converted"
            made[name] = convert_checkpoint(parity / name, out, parity / "tiny_config.json")
        return made[name]

    return convert


@pytest.fixture(scope="session")
def pair(converted: Callable[[str], Path]) -> EncoderPair:
    return load(converted("tiny_astroclip_lightning.ckpt"))


@pytest.fixture(scope="session")
def astroclip(converted: Callable[[str], Path]) -> CrossModalModel:
    return checkpoint.read(converted("tiny_astroclip_lightning.ckpt"))


@pytest.fixture(scope="session")
def astrodino(converted: Callable[[str], Path]) -> CrossModalModel:
    return checkpoint.read(converted("tiny_astrodino_teacher.pt"))


@pytest.fixture(scope="session")
def inputs(recorded: Callable[[str], dict[str, Tensor]]) -> dict[str, Tensor]:
    """Raw images and spectra with recorded outputs."""
    return recorded("inputs")
