"""Parameters that are trained at the sizes of the paper."""

import dataclasses

import torch

from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from training.objectives.pair_encoders import PairEncoders


def test_the_alignment_of_the_paper_accepts_its_pretrained_backbones() -> None:
    """AstroCLIP aligns AstroDINO's patch tokens without class token."""
    both, image = published_config(Published.ASTROCLIP), published_config(Published.ASTRODINO)
    assert both.image is not None
    assert dataclasses.replace(both.image, class_token=True) == image.image
    with torch.device("meta"):
        backbones = PairEncoders(CrossModalModel(both), ("image", "spectrum"))
    trainable = sum(p.numel() for p in backbones.parameters() if p.requires_grad)
    assert trainable == 12_595_200 + 12_070_912
