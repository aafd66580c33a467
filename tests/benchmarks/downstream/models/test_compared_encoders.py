"""Encoders of one modality, and files that contradict each other."""

from pathlib import Path

import pytest

from benchmarks.downstream.models.compared_encoders import open_encoders
from galsearch.core.errors import CheckpointError, MissingModalityError
from galsearch.core.modality import Modality
from tests.benchmarks.downstream.synthetic_galaxies import BOTH


def test_an_encoder_of_spectra_alone_cannot_embed_images(tmp_path: Path) -> None:
    from dataclasses import replace

    from galsearch.encoders import checkpoint, initialise
    from galsearch.encoders.encoder_config import GALSEARCH_SMALL

    config = replace(GALSEARCH_SMALL, name="half", image=None, image_head=None)
    path = tmp_path / "half.safetensors"
    checkpoint.save(path, initialise(config, 1))
    with pytest.raises(MissingModalityError) as caught:
        open_encoders(str(path), [], BOTH, seed=1)
    assert str(caught.value) == "encoder 'half' embeds spectra only, not images."
    found = open_encoders(str(path), [str(path)], [Modality.SPECTRUM], seed=1)
    assert [t.name for t in found] == ["aligned", "before alignment", "untrained"]
    assert found[0].encoder.fingerprint == found[1].encoder.fingerprint
    with pytest.raises(CheckpointError) as twice:
        open_encoders(str(path), [str(path), str(path)], [Modality.SPECTRUM], seed=1)
    assert str(twice.value) == (
        f"{path} and {path} both hold an encoder of the spectrum before alignment; "
        "name one of them."
    )
