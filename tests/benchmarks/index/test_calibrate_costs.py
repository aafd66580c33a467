"""The cost model is calibrated with the shortest of several runs and two sizes of lists."""

import time

from benchmarks.index import calibrate_costs


def test_the_shortest_of_all_runs_counts() -> None:
    durations = iter([0.02, 0.0, *[0.02] * (calibrate_costs.REPEATS - 2)])

    def work() -> None:
        end = time.thread_time() + next(durations)
        while time.thread_time() < end:
            pass

    assert calibrate_costs.shortest_thread_seconds(work) < 0.01
    assert next(durations, None) is None
