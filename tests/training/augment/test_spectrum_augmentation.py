"""Augmentation of spectra, compared with spectra prepared from changed pixels."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from galsearch.encoders.encoder_config import ModelConfig, SpectrumConfig
from galsearch.encoders.preprocess.prepare import prepare_spectra
from tests.training.objectives.test_masked_spectra import prepared, seeded
from training.augment.spectrum_augmentation import SpectrumAugmentation, reobserve, spectrum_pixels

CONFIG = SpectrumConfig()

NOTHING = SpectrumAugmentation(most_lost=0, calibration=0, noisier_share=0, uncalibrated_share=0)


def same(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Equal but for what the median of an even number of pixels is taken to be."""
    torch.testing.assert_close(found, expected, atol=5e-3, rtol=0)


def test_a_visit_that_changes_nothing_gives_the_spectrum_back() -> None:
    spectra = prepared(3, CONFIG)
    same(reobserve(spectra, CONFIG, NOTHING, seeded()), spectra)


def test_lost_pieces_count_as_not_measured() -> None:
    spectra = prepared(40, CONFIG)
    change = replace(NOTHING, most_lost=0.9)
    changed = reobserve(spectra, CONFIG, change, seeded())
    before, after = spectrum_pixels(spectra, CONFIG), spectrum_pixels(changed, CONFIG)
    lost = (before[:, 1] > 0) & (after[:, 1] == 0)
    assert 0.1 < float(lost.float().mean()) < 0.5
    assert not after[:, 0][lost].any()
    measured = ~lost[:, None].expand_as(after)
    same(after[measured], before[measured])
    same(changed[:, 0], spectra[:, 0])


def test_noise_is_added_as_if_the_exposure_had_been_shorter() -> None:
    """Compare with the same flux with more noise, prepared from its pixels and their ivar."""
    generator = np.random.default_rng(3)
    grid = np.linspace(0, 30, CONFIG.n_pixels)
    flux = 5 + np.sin(grid) * np.ones((64, 1)) + generator.normal(0, 0.3, (64, CONFIG.n_pixels))
    model = ModelConfig("any", "galsearch", spectrum=CONFIG)
    spectra = prepare_spectra(flux, np.full(flux.shape, 0.3**-2), None, model)
    change = replace(NOTHING, noisier_share=1.0, most_noise=2.0)
    changed = reobserve(spectra, CONFIG, change, seeded())
    more = 2.0 * torch.rand((64, 1), generator=_after_the_first_draw(64)).numpy()
    noisier = flux + more * generator.normal(0, 0.3, flux.shape)
    expected = prepare_spectra(noisier, 0.3**-2 / (1 + more**2) * np.ones_like(flux), None, model)
    torch.testing.assert_close(changed[:, 0, :3], expected[:, 0, :3], atol=0.06, rtol=0)
    weights = spectrum_pixels(changed, CONFIG)[:, 1], spectrum_pixels(expected, CONFIG)[:, 1]
    torch.testing.assert_close(*weights, atol=0.05, rtol=0)
    scatter = [
        spectrum_pixels(some, CONFIG)[:, 0].diff(dim=1).std(dim=1) for some in (changed, expected)
    ]
    # Pixels of the new grid share old ones, so their noise is a little less than ivar says.
    torch.testing.assert_close(*scatter, atol=0.0, rtol=0.25)


def _after_the_first_draw(n: int) -> torch.Generator:
    """The generator from which the strength of the noise is sampled.

    The calibration and the presence of noise are sampled before.
    """
    generator = seeded()
    torch.randn((n, 3), generator=generator)
    torch.rand((n, 1), generator=generator)
    return generator


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_summary_is_hidden_whole_or_not_at_all(share: float) -> None:
    spectra = prepared(60, CONFIG)
    change = replace(NOTHING, uncalibrated_share=share)
    changed = reobserve(spectra, CONFIG, change, seeded())
    hidden = ~changed[:, 0].any(dim=1)
    assert abs(float(hidden.float().mean()) - share) < 0.2 * (0 < share < 1) + 1e-9
    same(changed[~hidden], spectra[~hidden])


def test_a_changed_spectrum_has_the_median_and_scatter_of_a_prepared_one() -> None:
    change = SpectrumAugmentation(most_lost=0.0, calibration=0.3)
    value, weight = spectrum_pixels(
        reobserve(prepared(20, CONFIG), CONFIG, change, seeded()), CONFIG
    ).unbind(1)
    flux = torch.where(weight > 0, torch.sinh(value), torch.nan)
    assert float(flux.nanmedian(dim=1).values.abs().max()) < 0.02
    scatter = 1.4826 * flux.abs().nanmedian(dim=1).values
    torch.testing.assert_close(scatter, torch.ones(20), atol=0.02, rtol=0)


def test_a_factor_on_the_flux_changes_the_scale_alone() -> None:
    spectra = prepared(400, CONFIG)
    changed = reobserve(spectra, CONFIG, replace(NOTHING, flux_scale=0.5), seeded())
    log_factor = (changed[:, 0, 0] - spectra[:, 0, 0]) * np.log(10)
    assert float(log_factor.std()) == pytest.approx(0.5, abs=0.06)
    same(changed[:, 1:], spectra[:, 1:])
    same(changed[:, 0, 1:], spectra[:, 0, 1:])


def test_a_share_of_the_spectra_keeps_its_flux() -> None:
    spectra = prepared(400, CONFIG)
    change = replace(NOTHING, flux_scale=0.5, flux_scale_share=0.25)
    changed = reobserve(spectra, CONFIG, change, seeded())
    log_factor = (changed[:, 0, 0] - spectra[:, 0, 0]) * np.log(10)
    has_factor = log_factor.abs() > 0.02  # the median of the pixels is that close
    assert float(has_factor.float().mean()) == pytest.approx(0.25, abs=0.07)
    assert float(log_factor[has_factor].std()) == pytest.approx(0.5, abs=0.12)


def test_a_lost_arm_is_masked_and_the_summary_stays_that_of_the_whole() -> None:
    spectra = prepared(60, CONFIG)
    changed = reobserve(spectra, CONFIG, replace(NOTHING, lost_arm_share=0.5), seeded())
    lost = (spectrum_pixels(changed, CONFIG)[:, 1] == 0) & (
        spectrum_pixels(spectra, CONFIG)[:, 1] > 0
    )
    share = lost.float().mean(dim=1)
    without = share > 0.15
    assert 15 < int(without.sum()) < 45
    assert float(share[~without].max()) < 0.01
    assert float(share.max()) < 0.6
    first = torch.stack([torch.nonzero(row)[0, 0] for row in lost[without]])
    assert len(first.unique()) <= 3 + 3  # arms begin at one of three pixels, or where masked
    same(changed[:, 0], spectra[:, 0])
