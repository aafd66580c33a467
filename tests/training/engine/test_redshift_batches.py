"""A part of a batch is a group of nearly equal redshift, and no galaxy occurs twice."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from training.engine.redshift_batches import RedshiftGroups


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**30), st.integers(0, 20))
def test_a_batch_keeps_its_size_and_its_galaxies_are_distinct(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.random(200)
    z[rng.random(200) < 0.1] = np.nan
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randperm(200, generator=generator)[:40]
    batch = RedshiftGroups(z).with_group(rows, size, generator)
    assert len(batch) == len(set(batch.tolist())) == 40
    assert torch.equal(batch[: 40 - size], rows[: 40 - size])
    if size:
        order = np.argsort(np.argsort(z))[batch[40 - size :].numpy()]
        assert np.ptp(order) < 4 * size or torch.equal(batch, rows)


def test_a_batch_stays_where_no_group_is_left() -> None:
    rows = torch.arange(10)
    batch = RedshiftGroups(np.full(10, np.nan)).with_group(rows, 4, torch.Generator())
    assert torch.equal(batch, rows)
