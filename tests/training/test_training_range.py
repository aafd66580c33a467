"""The range of a training set is measured and written into weights."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from galsearch.core.errors import DatasetError
from galsearch.core.vectors import InputQuality
from galsearch.dataset import Dataset, GalaxyBatch
from galsearch.encoders import checkpoint, initialise, load
from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from tests.training.exposures.random_exposures import write_exposures
from training import training_range as module
from training.exposures.exposure_set import open_exposure_set
from training.training_range import main, range_of_exposures, training_range

LEVEL = np.array([1.0, 2.0, 3.0, 9.0])
"""Noise and depth of the galaxies; the last has no spectrum."""


class FewGalaxies:
    """A dataset of one partition with the galaxies of `LEVEL`."""

    path = Path("few")

    def __init__(self, *, paired: bool = True) -> None:
        self.paired = paired

    @property
    def partitions(self) -> list["FewGalaxies"]:
        return [self]

    def batches(self, _: int) -> Iterator[GalaxyBatch]:
        n = len(LEVEL)
        noise = np.random.default_rng(1).normal(size=(n, 3, 152, 152))
        flux = noise * np.array([0.01, 0.02, 0.03])[:, None, None] * LEVEL[:, None, None, None]
        ivar = np.repeat(LEVEL[:, None], 7781, axis=1)
        ivar[:, :100] = 0
        has_spectrum = np.array([True, True, True, False]) & self.paired
        yield GalaxyBatch(
            target_ids=np.arange(1, n + 1),
            ra_deg=np.zeros(n),
            dec_deg=np.zeros(n),
            z=LEVEL / 10,
            has_image=np.ones(n, bool),
            has_spectrum=has_spectrum,
            image_flux=flux.astype(np.float32),
            image_mask=np.zeros(flux.shape, bool),
            spectrum_flux=np.ones((n, 7781), np.float32),
            spectrum_ivar=ivar.astype(np.float32),
            spectrum_mask=ivar == 0,
        )


def few(**options: Any) -> Dataset:
    return cast(Dataset, FewGalaxies(**options))


def test_the_range_is_that_of_galaxies_with_both_modalities() -> None:
    limits = training_range(few(), GALSEARCH_SMALL)
    expected = [0.01, 0.03, 0.02, 0.06, 0.03, 0.09]
    np.testing.assert_allclose(limits.image_noise_nanomaggies, expected, rtol=0.05)
    # All spectra are in the bin of the brightest; the others have the limits of all.
    np.testing.assert_allclose(limits.spectrum_ivar, [1, 3] * 3, atol=0.02)
    np.testing.assert_allclose(limits.redshift, (0.1, 0.3), atol=0.002)


def test_weights_keep_their_fingerprint_and_note_and_tell_unusual_depth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.safetensors"
    model = initialise(dataclasses.replace(GALSEARCH_SMALL, name="mine"), 1)
    before = checkpoint.save(path, model, note="a note")
    monkeypatch.setattr(module, "open_dataset", lambda _: few())
    assert main(["few", str(path)]) == 0
    assert checkpoint.read_note(path) == "a note"
    encoders = load(path)
    assert encoders.fingerprint == before
    flux = np.ones((2, 7781), np.float32)
    ivar = np.array([[2.0], [5.0]], np.float32) * np.ones_like(flux)
    found = encoders.spectrum.quality(flux, ivar)
    assert found.tolist() == [0, int(InputQuality.DEPTH_UNUSUAL)]


def test_a_dataset_without_pairs_has_no_range() -> None:
    with pytest.raises(DatasetError) as error:
        training_range(few(paired=False), GALSEARCH_SMALL)
    assert str(error.value) == "few: no galaxy has both an image and a spectrum."


def test_the_range_of_exposures_is_that_of_their_pixels(tmp_path: Path) -> None:
    exposures = open_exposure_set(write_exposures(tmp_path / "set"))
    limits = range_of_exposures(exposures, GALSEARCH_SMALL)
    # The random exposures have a noise of 0.01 in images, and an inverse variance of 1 / 0.09.
    np.testing.assert_allclose(limits.image_noise_nanomaggies, [0.01] * 6, rtol=0.08)
    np.testing.assert_allclose(limits.spectrum_ivar, [1 / 0.09] * 6, rtol=0.15)
    z = exposures.column("z")[exposures.rows_of("train")]
    np.testing.assert_allclose(limits.redshift, (z.min(), z.max()), rtol=1e-3)


def test_the_command_measures_a_set_of_exposures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exposures = write_exposures(tmp_path / "set")
    path = tmp_path / "a.safetensors"
    checkpoint.save(path, initialise(GALSEARCH_SMALL, 1))
    assert main([str(exposures), str(path)]) == 0
    expected = range_of_exposures(open_exposure_set(exposures), GALSEARCH_SMALL)
    assert checkpoint.read(path).config.training_range == expected
    assert capsys.readouterr().out == f"{expected}\n"
