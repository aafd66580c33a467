"""Recall of exposures with embeddings for which it is known."""

import pytest
import torch

from galsearch.core.modality import Modality
from training.validation.exposure_recall import exposure_recall


def test_equal_embeddings_find_each_other_and_random_ones_do_not() -> None:
    torch.manual_seed(2)
    same = torch.randn(60, 1, 32).expand(60, 2, 32)
    found = exposure_recall(dict.fromkeys(Modality, same), 30, torch.tensor(15.0))
    assert found["image_finds_itself"] == found["spectrum_finds_itself"] == 1
    assert found["image_to_spectrum_recall_at_10"] == 1
    assert found["pool"] == 30
    other = {modality: torch.randn(60, 2, 32) for modality in Modality}
    found = exposure_recall(other, 60, torch.tensor(15.0))
    assert found["image_finds_itself"] < 0.15
    assert found["image_to_spectrum_recall_at_10"] == pytest.approx(10 / 60, abs=0.15)
    assert found["validation_loss"] > 2
