"""Names, shapes and sizes of the published checkpoints, without allocating any weight."""

import math

import pytest
import torch

from galsearch.core.errors import ConfigError
from galsearch.encoders.astroclip.published import Published, published_config, published_name
from galsearch.encoders.network.cross_modal_model import CrossModalModel


def shapes_of(kind: Published) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        model = CrossModalModel(published_config(kind))
    return {published_name(kind, n): tuple(t.shape) for n, t in model.state_dict().items()}


@pytest.mark.parametrize(
    ("kind", "file", "n_tensors"),
    [
        (Published.ASTROCLIP, "astroclip", 446),
        (Published.ASTRODINO, "astrodino_teacher", 351),
        (Published.SPECFORMER, "specformer", 79),
    ],
)
def test_names_and_shapes_are_the_published_ones(facts, kind, file, n_tensors) -> None:
    listed = {
        name: tuple(shape) for name, (shape, _) in facts(f"real_keys/{file}")["tensors"].items()
    }
    assert len(listed) == n_tensors
    assert shapes_of(kind) == listed


def test_parameter_counts_are_the_published_ones(facts) -> None:
    counts = facts("real_keys/parameter_counts")
    sizes = {name: math.prod(shape) for name, shape in shapes_of(Published.ASTROCLIP).items()}
    assert sum(sizes.values()) == counts["astroclip_1024_params"]
    vit = [n for name, n in sizes.items() if name.startswith("image_encoder.backbone.")]
    assert sum(vit) == counts["vit_params"]
    specformer = shapes_of(Published.SPECFORMER).values()
    assert sum(math.prod(shape) for shape in specformer) == counts["specformer_params"]


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            {"image": {"num_register_tokens": 4}},
            "sizes of the checkpoint: 'image.num_register_tokens' is 4; expected one of [0].",
        ),
        (
            {"image": {"interpolate_offset": 0.0}},
            "sizes of the checkpoint: 'image': interpolate_offset is 0.0; expected 0.1.",
        ),
        (
            {"specformer": {"input_dim": 21}},
            "sizes of the checkpoint: specformer.input_dim is 21, expected slice_section_length "
            "+ 2 = 22.",
        ),
        (
            {"head": {"image_model_embed_dim": 32}},
            "sizes of the checkpoint: head.image_model_embed_dim is 32, expected the width of the "
            "backbone, 1024.",
        ),
        (
            {"heads": {}},
            "sizes of the checkpoint: unknown key 'heads': did you mean 'head'?",
        ),
    ],
)
def test_sizes_that_astroclip_does_not_have_are_refused(sections, message) -> None:
    with pytest.raises(ConfigError) as error:
        published_config(Published.ASTROCLIP, sections)
    assert str(error.value) == message
