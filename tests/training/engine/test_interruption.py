"""Signals inside a run are recorded; the second one raises."""

import signal

import pytest

from training.engine.interruption import Interruption


def test_the_first_signal_is_recorded_and_the_second_raises() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption() as interruption:
        assert not interruption.requested
        signal.raise_signal(signal.SIGTERM)
        assert interruption.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before
