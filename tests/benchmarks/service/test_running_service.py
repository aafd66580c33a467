"""CPU time and memory of a process with its descendants."""

import os
from pathlib import Path

import pytest

from benchmarks.service.running_service import cpu_seconds, family, memory_mb, memory_samples

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="Linux lists processes in /proc"
)


def test_a_process_has_cpu_time_and_memory() -> None:
    own = os.getpid()
    assert family(own)[0] == own
    assert cpu_seconds(own) > 0
    memory = memory_mb(own)
    assert 0 < memory["uss"] <= memory["pss"] <= memory["rss"]


def test_memory_is_sampled_at_the_beginning_and_the_end() -> None:
    with memory_samples(os.getpid(), every_seconds=60) as samples:
        assert len(samples) == 1
    assert len(samples) == 2
