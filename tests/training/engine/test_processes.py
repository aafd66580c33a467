"""Seeds of steps and processes, and batches that cannot be shared."""

import pytest

from galsearch.core.errors import ConfigError
from training.engine.processes import Processes, check_batch


def test_steps_and_processes_draw_differently() -> None:
    seeds = {Processes(rank, 4).seed(1, step) for rank in range(4) for step in range(1000)}
    assert len(seeds) == 4000
    assert Processes(2, 4).seed(1, 5) == Processes(2, 4).seed(1, 5)
    assert Processes().seed(1, 5) != Processes().seed(2, 5)


pytestmark = pytest.mark.timeout(600)  # two processes start and load torch


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        check_batch(12, 2, Processes(0, 4))
    assert str(caught.value) == (
        "batch_size = 12 must be a multiple of accumulate = 2 times the number of processes, 4."
    )
