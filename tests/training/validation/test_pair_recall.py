"""Recall@10 of pairs, compared with a sorted list of candidates."""

import pytest
import torch

from training.validation.pair_recall import recall_at_10


def test_recall_is_the_share_of_partners_among_the_ten_most_similar() -> None:
    similarity = torch.randn(40, 40, generator=torch.Generator().manual_seed(1))
    similarity += 1.5 * torch.eye(40)
    nearest = similarity.argsort(dim=1, descending=True)[:, :10].tolist()
    expected = sum(row in found for row, found in enumerate(nearest)) / 40
    assert 0 < expected < 1
    assert recall_at_10(similarity) == pytest.approx(expected)


def test_ties_count_as_failures() -> None:
    assert recall_at_10(torch.zeros(12, 12)) == 0
    assert recall_at_10(torch.zeros(10, 10)) == 1
