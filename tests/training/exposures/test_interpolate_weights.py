"""Weights between two models: the ends are the models, and the middle is standardised anew."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from galsearch.core.errors import ConfigError
from galsearch.core.modality import Modality
from galsearch.encoders import checkpoint, initialise
from tests.training.exposures.random_exposures import write_exposures
from tests.training.exposures.test_exposure_inputs import SIZES as TINY
from training.data.backbones import encoder_of
from training.exposures.exposure_inputs import embed_exposures
from training.exposures.exposure_set import open_exposure_set
from training.exposures.interpolate_weights import interpolate, main

HEADS = {
    f"{modality.value}_head": dataclasses.replace(
        getattr(TINY, f"{modality.value}_head"), standardise=True
    )
    for modality in Modality
}
SIZES = dataclasses.replace(TINY, **HEADS)
WITHOUT_MASKS = dataclasses.replace(
    SIZES, image=dataclasses.replace(SIZES.image, mask_channels=False)
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Weights without mask channels, weights with them, and a set of exposures."""
    folder = tmp_path_factory.mktemp("weights")
    checkpoint.save(folder / "first.safetensors", initialise(WITHOUT_MASKS, seed=1))
    checkpoint.save(folder / "second.safetensors", initialise(SIZES, seed=2))
    exposures = write_exposures(folder / "exposures")
    return folder / "first.safetensors", folder / "second.safetensors", exposures


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return dict(model.named_parameters())


def test_every_weight_lies_between_those_of_the_files(files: tuple[Path, Path, Path]) -> None:
    first, second, exposures = files
    found = weights(interpolate(first, second, 0.25, open_exposure_set(exposures)))
    ends = weights(checkpoint.read(first)), weights(checkpoint.read(second))
    patches = "image_encoder.backbone.patch_embed.proj.weight"
    for name, value in found.items():
        if name != patches:
            torch.testing.assert_close(value, 0.75 * ends[0][name] + 0.25 * ends[1][name])
    torch.testing.assert_close(found[patches][:, 3:], 0.25 * ends[1][patches][:, 3:])


def test_embeddings_of_the_training_galaxies_are_standardised(
    files: tuple[Path, Path, Path],
) -> None:
    exposures = open_exposure_set(files[2])
    model = interpolate(files[0], files[1], 0.5, exposures)
    found = embed_exposures(model, exposures, exposures.rows_of("train"), torch.device("cpu"))
    for modality in Modality:
        assert encoder_of(model, modality).head is not None
        vectors = found[modality].flatten(0, 1).numpy()
        np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=2e-3)
        np.testing.assert_allclose(vectors.std(axis=0), 1, atol=0.02)


def test_the_command_writes_weights_and_says_of_what(
    files: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, exposures = files
    out = tmp_path / "between.safetensors"
    texts = [str(first), str(second), "--exposures", str(exposures), "--out", str(out)]
    assert main([*texts, "--share", "0.25"]) == 0
    digests = [checkpoint.fingerprint(checkpoint.read(path))[:16] for path in (first, second, out)]
    note = f"0.75 of {digests[0]} and 0.25 of {digests[1]}"
    assert capsys.readouterr().out == f"{out}: {note}, fingerprint {digests[2]}\n"
    assert checkpoint.read_note(out) == note
    assert main([*texts, "--share", "1.5"]) == 1
    assert capsys.readouterr().err == "error: share = 1.5: expected 0 to 1.\n"


def test_a_share_out_of_range_is_refused(files: tuple[Path, Path, Path]) -> None:
    with pytest.raises(ConfigError, match="expected 0 to 1"):
        interpolate(files[0], files[1], -0.1, open_exposure_set(files[2]))
