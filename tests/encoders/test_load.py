"""Encoders are loaded by name or from a file."""

from pathlib import Path

import pytest

from galsearch.core.errors import CheckpointError
from galsearch.encoders import checkpoint, initialise, load, pretrained_names
from galsearch.encoders.load import pair_from_model
from tests.encoders.conftest import TINY


def test_a_file_and_its_model_have_one_fingerprint(tmp_path: Path) -> None:
    model = initialise(TINY, 1)
    digest = checkpoint.save(tmp_path / "tiny.safetensors", model)
    pair = load(tmp_path / "tiny.safetensors")
    assert (pair.name, pair.dim) == ("tiny", 16)
    fingerprints = [pair.fingerprint, pair.image.fingerprint, pair.spectrum.fingerprint]
    assert fingerprints == [digest] * 3
    assert pair_from_model(model).fingerprint == digest


def test_shipped_weights_have_a_name() -> None:
    assert pretrained_names() == ("galsearch-small",)


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as error:
        load(tmp_path / "none")
    assert str(error.value) == (
        f"{tmp_path}/none: neither a file nor one of the encoders that come with galsearch "
        "(galsearch-small)."
    )


def test_the_batch_size_follows_the_size_of_the_token_matrix() -> None:
    pair = load()
    assert (pair.image.batch_size, pair.spectrum.batch_size) == (64, 64)
