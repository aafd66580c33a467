"""Runs that were killed or stopped continue with the same numbers."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.training.conftest import ROOT, STAGE_SETTINGS, TINY, command, environment, run_stage
from tests.training.short_runs import run_stage_here

EVERY_STEP = "n_steps = 20\nbatch_size = 8\nlog_steps = 1\nvalidate_steps = 10\n"

MORE = {"alignment": "queue_size = 12\n"}

STAGES = sorted(TINY)

pytestmark = pytest.mark.timeout(600)  # processes start and load torch nine times


def curve(run: Path) -> list[dict[str, float]]:
    """The log without its clock."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def interrupt(arguments: list[str], run: Path, how: signal.Signals, after: int) -> tuple[int, str]:
    """Start a run and send it a signal once its log has some lines."""
    process = subprocess.Popen(
        arguments, cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 200
    while process.poll() is None and time.monotonic() < until:
        if (run / "log.jsonl").is_file() and len(curve_so_far(run)) >= after:
            process.send_signal(how)
            break
        time.sleep(0.005)
    _, said = process.communicate(timeout=200)
    return process.returncode, said


def curve_so_far(run: Path) -> list[str]:
    return (run / "log.jsonl").read_text().splitlines()


def same_states(left: Path, right: Path) -> None:
    """Assert equal weights, optimisers and orders, to the last bit."""
    states = [torch.load(run / "state.pt", weights_only=True) for run in (left, right)]
    for state in states:
        state.pop("seconds")
    check_equal(*states)


def check_equal(left: object, right: object) -> None:
    if isinstance(left, torch.Tensor):
        assert torch.equal(left, right)
    elif isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left:
            check_equal(left[key], right[key])
    elif isinstance(left, list | tuple):
        assert len(left) == len(right)
        for pair in zip(left, right, strict=True):
            check_equal(*pair)
    else:
        assert left == right


@pytest.fixture(scope="module")
def whole_run(
    learning_set: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Path, Path]]:
    """The config and the directory of a run of a stage that nothing happened to."""
    made: dict[str, tuple[Path, Path]] = {}

    def run_once(stage: str) -> tuple[Path, Path]:
        if stage not in made:
            folder = tmp_path_factory.mktemp(f"whole-{stage}")
            config, out = folder / "tiny.toml", folder / "run"
            text = EVERY_STEP + "checkpoint_steps = 4\n" + MORE.get(stage, "")
            config.write_text(text + STAGE_SETTINGS[stage] + TINY[stage])
            run_stage_here(stage, config, "--dataset", learning_set, "--out", out)
            made[stage] = config, out
        return made[stage]

    return run_once


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_run_continues_bit_for_bit(
    stage: str,
    learning_set: Path,
    whole_run: Callable[[str], tuple[Path, Path]],
    tmp_path: Path,
) -> None:
    config, whole = whole_run(stage)
    killed = tmp_path / "killed"
    arguments = command(stage, config, "--dataset", learning_set, "--out", killed)
    status, _ = interrupt(arguments, killed, signal.SIGKILL, after=7)
    assert status == -signal.SIGKILL, "the run was over before it could be killed"
    assert len(curve_so_far(killed)) < len(curve_so_far(whole))
    # The run's own config continues it: no file is named.
    run_stage_here(stage, "--dataset", learning_set, "--out", killed)
    assert curve(killed) == curve(whole)
    same_states(killed, whole)
    encoders = [(run / "encoder.safetensors").read_bytes() for run in (killed, whole)]
    assert _tensors(encoders[0]) == _tensors(encoders[1])


def _tensors(file: bytes) -> bytes:
    """A safetensors file without its header, whose note holds the clock."""
    return file[8 + int.from_bytes(file[:8], "little") :]


def test_an_interrupted_run_saves_its_last_step(
    learning_set: Path, whole_run: Callable[[str], tuple[Path, Path]], tmp_path: Path
) -> None:
    stage, stopped = "alignment", tmp_path / "stopped"
    config, whole = whole_run(stage)
    arguments = command(stage, config, "--dataset", learning_set, "--out", stopped)
    status, said = interrupt(arguments, stopped, signal.SIGTERM, after=6)
    assert status == 143
    step = torch.load(stopped / "state.pt", weights_only=True)["step"]
    assert 6 <= step < 20
    assert (
        f"asked to stop: the state after step {step} is in {stopped / 'state.pt'}; the same "
        "command continues."
    ) in said.splitlines()
    assert curve(stopped)[-1]["step"] == step
    run_stage_here(stage, config, "--dataset", learning_set, "--out", stopped)
    assert curve(stopped) == curve(whole)
    same_states(stopped, whole)


def test_a_run_that_is_over_stays_as_it_is(
    learning_set: Path, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    config = write_config("alignment", "n_steps = 2\nbatch_size = 8\nlog_steps = 1\n")
    arguments = (config, "--dataset", learning_set, "--out", tmp_path / "run")
    run_stage_here("alignment", *arguments)
    before = curve(tmp_path / "run")
    done = run_stage("alignment", *arguments)
    assert done.stdout == f"{tmp_path / 'run' / 'encoder.safetensors'}\n"
    assert curve(tmp_path / "run") == before
