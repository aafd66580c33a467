"""The loss on exposures is the sum of its contrasts, written out here slowly."""

import torch

from galsearch.encoders.network.cross_modal_model import initialise
from tests.training.exposures.test_exposure_inputs import SIZES
from training.exposures.exposure_loss import ExposureLoss
from training.objectives.clip_loss import clip_loss
from training.objectives.redshift_head import redshift_loss


def test_contrasts_across_modalities_and_exposures_are_weighted_and_added() -> None:
    torch.manual_seed(1)
    image, spectrum, scale = torch.randn(10, 16), torch.randn(10, 16), torch.tensor(9.0)
    galaxy, z = torch.tensor([3, 0, 4, 1, 2]), torch.linspace(0.1, 0.9, 5)
    across = (
        clip_loss(image[::2], spectrum[::2], scale) + clip_loss(image[1::2], spectrum[1::2], scale)
    ) / 2
    within = (
        clip_loss(image[::2], image[1::2], scale) + clip_loss(spectrum[::2], spectrum[1::2], scale)
    ) / 2
    model = initialise(SIZES, seed=1)
    plain = ExposureLoss(model, z, within_weight=0.0, redshift_weight=0.0)
    torch.testing.assert_close(plain(image, spectrum, scale, galaxy), across)
    both = ExposureLoss(model, z, within_weight=0.4, redshift_weight=0.0)
    torch.testing.assert_close(both(image, spectrum, scale, galaxy), across + 0.4 * within)
    whole = ExposureLoss(model, z, within_weight=0.4, redshift_weight=0.5)
    assert whole.redshift is not None
    labels = torch.stack([z[galaxy], z[galaxy]], dim=1).flatten()
    expected = across + 0.4 * within + 0.5 * redshift_loss(whole.redshift(spectrum), labels)
    torch.testing.assert_close(whole(image, spectrum, scale, galaxy), expected)
