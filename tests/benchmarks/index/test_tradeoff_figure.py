"""The curve of the figure holds the settings that no other setting beats."""

from benchmarks.index.tradeoff_figure import pareto_front


def test_settings_that_are_slower_and_less_exact_are_left_out() -> None:
    settings = [(0.5, 10.0), (0.9, 5.0), (0.8, 4.0), (0.7, 7.0), (0.9, 3.0)]
    assert pareto_front(settings) == [(0.5, 10.0), (0.7, 7.0), (0.9, 5.0)]
