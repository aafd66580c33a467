"""Every epoch visits each galaxy at most once, in a new order."""

import dataclasses
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ConfigError
from tests.training.short_runs import train_alignment
from training.alignment import AlignmentConfig
from training.engine.batch_order import BatchOrder


def test_a_batch_larger_than_the_dataset_is_refused(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        train_alignment(dataclasses.replace(config, batch_size=41), learning_set, tmp_path / "run")
    assert str(caught.value) == (
        "batch_size = 41 is more than the 40 galaxies of the training split: set it to 40 at "
        "most, or ingest more galaxies."
    )


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 9))
def test_a_pass_sees_a_galaxy_once_and_the_next_pass_in_another_order(
    n_rows: int, batch_size: int, seed: int
) -> None:
    if batch_size > n_rows:
        with pytest.raises(ConfigError):
            BatchOrder(n_rows, batch_size, seed)
        return
    order = BatchOrder(n_rows, batch_size, seed)
    passes = [torch.cat([order.next() for _ in range(order.batches_per_epoch)]) for _ in range(2)]
    for rows in passes:
        assert len(rows) == n_rows // batch_size * batch_size
        assert len(rows.unique()) == len(rows)
        assert int(rows.max()) < n_rows
    if n_rows > 20:
        assert not torch.equal(*passes)


@given(st.integers(0, 30))
def test_an_order_continues_where_it_was(n_before: int) -> None:
    order, other = BatchOrder(10, 3, 1), BatchOrder(10, 3, 1)
    for _ in range(n_before):
        order.next()
    other.load_state_dict(order.state_dict())
    for _ in range(8):
        assert torch.equal(order.next(), other.next())
