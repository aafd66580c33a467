"""The short form of fuzzing: seeds, kept contents, and a few damaged copies of each."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.faults.fuzz.executions.bounded_execution import BoundedReader
from benchmarks.faults.fuzz.executions.damaged_content import damaged
from benchmarks.faults.fuzz.executions.guided_run import kept_contents
from benchmarks.faults.fuzz.targets.fuzz_target import FuzzTarget

_N_EXAMPLES = 8


def check_target(target: FuzzTarget, scratch: Path) -> None:
    """Check that a reader accepts its seeds, and refuses or reads whatever is damaged."""
    read = target.prepare(scratch)
    for seed in target.seeds(scratch):
        read(seed)
    reader = BoundedReader(read)
    contents = kept_contents(target, scratch)
    for content in contents:
        assert reader.execute(content) is None

    @settings(max_examples=_N_EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(contents), st.integers(0, 2**32))
    def check(content: bytes, seed: int) -> None:
        assert reader.execute(damaged(content, target.words, seed)) is None

    check()
