"""The reconstructor returns spectra and redshift logits; its loss is that of masked modelling."""

import pytest
import torch

from galsearch.encoders.encoder_config import ModelConfig, SpectrumConfig
from galsearch.encoders.network.cross_modal_model import initialise
from galsearch.encoders.preprocess.prepare import prepare_spectra
from training.objectives.masked_spectra import HiddenWavelengths, masked_loss
from training.objectives.reconstructor import Reconstructor, reconstruction_loss


def tiny(n_templates: int) -> tuple[ModelConfig, Reconstructor]:
    section = SpectrumConfig(n_templates=n_templates, width=16, depth=1, n_heads=2)
    config = ModelConfig("tiny", "galsearch", spectrum=section)
    return config, Reconstructor(initialise(config, 1)).eval()


def spectra(config: ModelConfig, n: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(4)
    flux = 3 + torch.randn(n, 7781, generator=generator)
    ivar = torch.rand(n, 7781, generator=generator)
    return prepare_spectra(flux.numpy(), ivar.numpy(), None, config)


@pytest.mark.parametrize("n_templates", [0, 2])
def test_logits_exist_only_with_templates(n_templates: int) -> None:
    config, reconstructor = tiny(n_templates)
    inputs = spectra(config, 3)
    with torch.no_grad():
        made, logits = reconstructor(inputs)
        torch.testing.assert_close(made, reconstructor.spectrum_backbone.reconstruct(inputs))
        assert made.shape == inputs.shape
        if n_templates:
            expected = reconstructor.spectrum_backbone.redshift_log_odds(inputs)
            torch.testing.assert_close(logits, expected)
        else:
            assert logits.shape == (3, 0)


def test_the_loss_is_that_of_the_reconstruction_of_the_masked_inputs() -> None:
    config, reconstructor = tiny(2)
    assert config.spectrum is not None
    objective = HiddenWavelengths(config.spectrum)
    masked = objective.mask(spectra(config, 2), torch.Generator().manual_seed(1))
    with torch.no_grad():
        loss, _ = reconstruction_loss(reconstructor, objective, masked)
        made, _ = reconstructor(masked.inputs)
        torch.testing.assert_close(loss, masked_loss(objective.compared_values(made), masked))
        low, _ = reconstruction_loss(reconstructor, objective, masked, low_precision=True)
    assert low.dtype == torch.float32
    assert float(low) == pytest.approx(float(loss), rel=0.05)
    assert float(low) != float(loss)
