"""Encoders are loaded by name or from a file."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import CheckpointError
from galsearch.core.modality import Modality
from galsearch.encoders import checkpoint, initialise, load, pretrained_names
from galsearch.encoders.inference.precision import Precision
from galsearch.encoders.load import pair_from_model
from tests.encoders.conftest import TINY
from tests.second_device import second_device


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


@pytest.mark.filterwarnings("ignore:User provided device_type of 'cuda'")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_encoders_on_a_gpu_keep_every_tensor_there(precision: Precision) -> None:
    rng, seen = np.random.default_rng(1), []
    images = rng.normal(size=(5, 3, 96, 96)).astype(np.float32)
    spectra = rng.normal(1, 0.3, (5, 7781)).astype(np.float32)
    exact = load()
    with second_device():
        pair = load(device="cuda", precision=precision, report=seen.append)
        found = pair.image.embed(images), pair.spectrum.embed(spectra)
    for vectors, encoder, arrays in zip(
        found, (exact.image, exact.spectrum), (images, spectra), strict=True
    ):
        assert (vectors * encoder.embed(arrays)).sum(axis=1).min() > 0.9999
    assert [agreement.modality for agreement in seen] == (
        [] if precision == "fp32" else list(Modality)
    )


def test_bf16_is_the_precision_of_a_gpu() -> None:
    with second_device():
        pair = load(device="auto")
        assert (pair.image.precision, pair.image.batch_size) == ("bf16", 512)
        assert pair.image.device_name == "cuda (a second device)"
        assert load(device="cuda", batch_size=7).spectrum.batch_size == 7
    assert (load().image.precision, load(batch_size=7).image.batch_size) == ("fp32", 64)
