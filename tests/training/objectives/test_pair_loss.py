"""The loss of alignment is InfoNCE plus the weighted redshift loss."""

import pytest
import torch

from galsearch.core.modality import Modality
from galsearch.encoders.encoder_config import HeadConfig, ImageConfig, ModelConfig, SpectrumConfig
from galsearch.encoders.network.cross_modal_model import CrossModalModel, initialise
from training.objectives.clip_loss import clip_loss
from training.objectives.contrastive_step import EmbeddingQueue, contrastive_loss
from training.objectives.pair_loss import PairLoss
from training.objectives.redshift_head import redshift_loss

N = 5


@pytest.fixture(scope="module")
def model() -> CrossModalModel:
    config = ModelConfig(
        "tiny",
        "galsearch",
        image=ImageConfig(image_size=24, width=16, depth=1, n_heads=2),
        spectrum=SpectrumConfig(n_templates=2, width=16, depth=1, n_heads=2),
        image_head=HeadConfig(width=16, n_heads=2),
        spectrum_head=HeadConfig(first_token=True, width=16, n_heads=2),
        learned_scale=True,
    )
    return initialise(config, 3)


def batch(model: CrossModalModel, seed: int) -> tuple[torch.Tensor, ...]:
    """Images, spectra, scale and row numbers of a joined batch."""
    generator = torch.Generator().manual_seed(seed)
    image, spectrum = torch.randn(2, N, model.config.dim, generator=generator)
    return image, spectrum, torch.tensor(10.0), torch.arange(N) + seed


def test_without_queue_and_redshifts_it_is_the_loss_of_standardised_pairs(
    model: CrossModalModel,
) -> None:
    image, spectrum, scale, galaxy = batch(model, 1)
    loss = PairLoss(model, None, None, 1.0).eval()
    standardised = [
        encoder.standardise_batch(rows)
        for encoder, rows in zip(loss.encoders, (image, spectrum), strict=True)
    ]
    expected = clip_loss(*standardised, scale)
    torch.testing.assert_close(loss(image, spectrum, scale, galaxy), expected)
    assert len(loss.encoders) == len(Modality)
    assert loss.redshift is None


def test_the_weighted_redshift_loss_of_the_spectra_is_added(model: CrossModalModel) -> None:
    z = torch.tensor([0.1, float("nan"), 0.4, 0.2, 1.0, 0.3, 0.9])
    image, spectrum, scale, galaxy = batch(model, 2)
    with_redshift = PairLoss(model, None, z, 0.25).eval()
    plain = PairLoss(model, None, None, 0.25).eval()
    assert with_redshift.redshift is not None
    rows = with_redshift.encoders[1].standardise_batch(spectrum)
    added = redshift_loss(with_redshift.redshift(rows), z[galaxy])
    assert float(added.detach()) > 0
    torch.testing.assert_close(
        with_redshift(image, spectrum, scale, galaxy),
        plain(image, spectrum, scale, galaxy) + 0.25 * added,
    )


def test_a_batch_joins_the_queue_after_its_own_loss(model: CrossModalModel) -> None:
    queue, loss_of_first = EmbeddingQueue(2 * N), PairLoss(model, None, None, 1.0).eval()
    queued = PairLoss(model, queue, None, 1.0).eval()
    first, second = batch(model, 3), batch(model, 30)
    torch.testing.assert_close(queued(*first), loss_of_first(*first))
    assert queue.held is not None
    torch.testing.assert_close(queue.held[2], first[3])
    earlier = EmbeddingQueue(2 * N)
    earlier.load_state_dict(queue.state_dict())
    rows = [
        encoder.standardise_batch(some)
        for encoder, some in zip(queued.encoders, second[:2], strict=True)
    ]
    torch.testing.assert_close(queued(*second), contrastive_loss(*rows, *second[2:], earlier))
    assert len(queue.held[2]) == 2 * N
