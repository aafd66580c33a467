"""The command that simulates exposures, with correct and with wrong options."""

from pathlib import Path

import pytest

from training.exposures import __main__ as simulate_exposures


def test_the_command_passes_its_options_and_prints_what_it_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {}

    def simulate(out: Path, *, progress: object, **options: float) -> int:
        given.update(out=out, **options)
        return 400

    monkeypatch.setattr(simulate_exposures, "simulate_exposure_set", simulate)
    options = {"n": 300, "seed": 5, "workers": 16, "ordinary_share": 0.25}
    texts = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    simulate_exposures.main([str(tmp_path), *texts])
    assert given == {"out": tmp_path, **options}
    assert capsys.readouterr().out == f"400 objects with two exposures each in {tmp_path}\n"


def test_a_wrong_number_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        simulate_exposures.main([str(tmp_path / "out"), "--workers", "0"])
    assert caught.value.code == 1
    assert capsys.readouterr().err.strip() == (
        "error: workers = 0: a set of exposures needs workers of at least 1."
    )
