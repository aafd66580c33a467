"""Scores of a spectrum backbone do not depend on batches; redshift errors follow their formulas."""

from typing import Any

import numpy as np
import pytest
import torch

from galsearch.encoders.encoder_config import ModelConfig, SpectrumConfig
from galsearch.encoders.network.cross_modal_model import initialise
from galsearch.encoders.preprocess.prepare import prepare_spectra
from training.data.galaxy_arrays import HalfPrecisionArray
from training.objectives.masked_spectra import HiddenWavelengths, MaskedSpectra
from training.objectives.reconstructor import Reconstructor, reconstruction_loss
from training.validation import spectrum_validation
from training.validation.spectrum_validation import mean_tokens, redshift_errors, validation_loss

CPU = torch.device("cpu")
SECTION = SpectrumConfig(n_templates=2, width=16, depth=1, n_heads=2)
ROWS = np.array([4, 0, 3])


@pytest.fixture(scope="module")
def reconstructor() -> Reconstructor:
    return Reconstructor(initialise(ModelConfig("t", "galsearch", spectrum=SECTION), 1)).eval()


@pytest.fixture(scope="module")
def pixels(reconstructor: Reconstructor) -> HalfPrecisionArray:
    """Five prepared spectra of noise."""
    generator = np.random.default_rng(1)
    flux, ivar = generator.normal(3, 1, (5, 7781)), generator.uniform(size=(5, 7781))
    config = ModelConfig("t", "galsearch", spectrum=SECTION)
    prepared = prepare_spectra(flux.astype(np.float32), ivar.astype(np.float32), None, config)
    return HalfPrecisionArray(prepared.numpy().astype(np.float16))


def test_the_loss_hides_the_same_stretches_each_time_and_is_the_mean_over_spectra(
    reconstructor: Reconstructor, pixels: HalfPrecisionArray
) -> None:
    objective = HiddenWavelengths(SECTION)
    found = validation_loss(reconstructor, objective, pixels, ROWS, CPU)
    assert found == validation_loss(reconstructor, objective, pixels, ROWS, CPU)
    generator = torch.Generator().manual_seed(spectrum_validation.MASK_SEED)
    masked = objective.mask(pixels.take(ROWS), generator)
    single = [
        MaskedSpectra(masked.inputs[[i]], masked.target[[i]], masked.weights[[i]])
        for i in range(len(ROWS))
    ]
    with torch.no_grad():
        losses = [float(reconstruction_loss(reconstructor, objective, one)[0]) for one in single]
    assert found == pytest.approx(np.mean(losses), rel=1e-4)


def test_mean_tokens_are_those_of_each_spectrum_in_the_order_of_rows(
    reconstructor: Reconstructor, pixels: HalfPrecisionArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spectrum_validation, "BATCH_SIZE", 2)
    found = mean_tokens(reconstructor, pixels, ROWS, CPU)
    assert found.shape == (3, SECTION.width)
    with torch.no_grad():
        for row, tokens in zip(ROWS, found, strict=True):
            expected = reconstructor.backbone(pixels.take(np.array([row]))).mean(1)[0]
            torch.testing.assert_close(tokens, expected, atol=1e-5, rtol=1e-4)


class KnownRedshifts:
    """A reconstructor whose most probable bin is the first pixel of a spectrum."""

    class templates:  # noqa: N801 (an attribute of the backbone)
        bin_width = 0.001

    @property
    def spectrum_backbone(self) -> "KnownRedshifts":
        return self

    def redshift_log_odds(self, rows: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(rows[:, 0].long(), 800).float()


def test_redshift_errors_are_nmad_and_share_above_the_limit() -> None:
    bins = np.array([[100], [200], [300], [400], [500]], np.float16)
    found = np.expm1((bins[:, 0].astype(float) + 0.5) * 0.001)
    error = np.array([0.0, 0.001, -0.002, 0.02, np.nan])
    true = (found - error) / (1 + error)
    anything: Any = KnownRedshifts()
    scores = redshift_errors(
        anything, HalfPrecisionArray(bins), np.arange(5), torch.from_numpy(true), CPU
    )
    # Median error 0 (the lower middle one); deviations 0, .001, .002, .02 of median .001.
    assert scores["redshift_nmad"] == pytest.approx(1.4826 * 0.001, rel=1e-3)
    assert scores["redshift_over_0.005"] == pytest.approx(1 / 4)
