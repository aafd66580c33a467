"""Embeddings are standardised by the moments of the batch in training, then by their averages."""

import torch

from galsearch.encoders.network.standardisation import MOMENTUM, Standardisation


def test_a_standardised_batch_has_mean_0_and_scatter_1() -> None:
    rows = torch.randn(64, 5) * 3 + 7
    standard = Standardisation(5)
    made = standard.standardise_batch(rows)
    torch.testing.assert_close(made.mean(0), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(made.var(0, unbiased=False), torch.ones(5), atol=1e-4, rtol=0)
    torch.testing.assert_close(standard.mean, MOMENTUM * rows.mean(0))
    for _ in range(400):
        standard.standardise_batch(rows)
    torch.testing.assert_close(standard(rows), made, atol=1e-2, rtol=0)


def test_an_embedding_does_not_depend_on_its_batch() -> None:
    standard = Standardisation(5)
    standard.standardise_batch(torch.randn(64, 5) * 3 + 7)
    rows = torch.randn(8, 5)
    alone = torch.cat([standard(row[None]) for row in rows])
    assert torch.equal(alone, standard(rows))


def test_the_gradient_is_that_of_the_whole_batch() -> None:
    """Compared with finite differences, because one row moves the mean of all."""
    rows = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    standard = Standardisation(3).double()
    assert torch.autograd.gradcheck(standard.standardise_batch, (rows,))
