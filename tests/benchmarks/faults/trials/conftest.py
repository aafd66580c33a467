"""Trials need a machine that can observe processes."""

import pytest

from tests.benchmarks.faults.trials.toy_commands import UNOBSERVABLE


@pytest.fixture(autouse=True)
def _observable() -> None:
    if UNOBSERVABLE is not None:
        pytest.skip(UNOBSERVABLE)
