"""The redshift-classification loss."""

import math

import numpy as np
import pytest
import torch

from training.objectives.redshift_head import BIN, LARGEST_REDSHIFT, RedshiftHead, redshift_loss


def test_the_bins_reach_from_zero_to_the_largest_redshift() -> None:
    head = RedshiftHead(8)
    odds = head(torch.randn(4, 8)).detach()
    assert odds.shape == (4, math.ceil(math.log1p(LARGEST_REDSHIFT) / BIN))
    assert float(odds.abs().max()) <= float(head.log_scale.detach().exp()) + 1e-4


def test_the_loss_is_least_where_the_logits_peak_at_the_redshift() -> None:
    z = torch.tensor([0.1, 0.7])
    n_bins = RedshiftHead(2).directions.shape[0]
    at = (torch.log1p(z) / BIN).long()
    right = torch.full((2, n_bins), -20.0)
    for row, place in enumerate(at.tolist()):
        right[row] = -0.5 * (torch.arange(n_bins) - (torch.log1p(z[row]) / BIN - 0.5)) ** 2
        assert abs(int(right[row].argmax()) - place) <= 1
    least = redshift_loss(right, z)
    for shift in (3, -3, 40):
        assert redshift_loss(right.roll(shift, dims=1), z) > least + 1


def test_unknown_redshifts_do_not_count() -> None:
    odds = torch.randn(4, 497, requires_grad=True)
    z = torch.tensor([0.2, np.nan, 0.4, 9.0])
    loss = redshift_loss(odds, z)
    torch.testing.assert_close(loss, redshift_loss(odds[[0, 2]], z[[0, 2]]))
    loss.backward()
    assert odds.grad is not None
    assert not odds.grad[[1, 3]].any()
    assert odds.grad[[0, 2]].any()


@pytest.mark.parametrize("z", [np.nan, 5.0])
def test_a_batch_without_a_known_redshift_has_no_loss_and_no_gradient(z: float) -> None:
    odds = torch.randn(3, 497, requires_grad=True)
    loss = redshift_loss(odds, torch.full((3,), z))
    loss.backward()
    assert float(loss.detach()) == 0
    assert odds.grad is not None
    assert not odds.grad.any()
