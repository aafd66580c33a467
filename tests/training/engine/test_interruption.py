"""Signals inside a run are recorded; the second one ends the process."""

import signal

import pytest

from training.engine.interruption import Interruption


def test_the_first_signal_is_recorded() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption() as interruption:
        assert not interruption.requested
        signal.raise_signal(signal.SIGTERM)
        assert interruption.requested
        assert interruption.exit_status == 143
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_second_signal_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("galsearch.cli.command_signals._ending.number", None)

    def send_both() -> None:
        with Interruption():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(SystemExit) as caught:
        send_both()
    assert caught.value.code == 130
