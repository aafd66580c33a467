"""Helpers that every engine of the comparison uses."""

import numpy as np

from benchmarks.index.engines.engine_protocol import grid, power_of_two, sample_rows


def test_a_grid_holds_every_combination() -> None:
    settings = grid(nprobe=(1, 2), k_factor=(4, 8))
    assert settings == (
        {"nprobe": 1, "k_factor": 4},
        {"nprobe": 1, "k_factor": 8},
        {"nprobe": 2, "k_factor": 4},
        {"nprobe": 2, "k_factor": 8},
    )


def test_the_nearest_power_of_two_is_taken_on_a_logarithmic_scale() -> None:
    assert [power_of_two(n) for n in (1, 5, 6, 4000)] == [1, 4, 8, 4096]


def test_sampled_rows_stay_in_order_and_are_the_same_each_time() -> None:
    vectors = np.arange(40, dtype=np.float32).reshape(20, 2)
    some = sample_rows(vectors, 5)
    assert len(some) == 5
    assert (np.diff(some[:, 0]) > 0).all()
    np.testing.assert_array_equal(some, sample_rows(vectors, 5))
    assert sample_rows(vectors, 20) is vectors
