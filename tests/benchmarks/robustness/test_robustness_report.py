"""The table of robustness shows the scores of each change, beside earlier ones."""

from benchmarks.robustness.robustness_report import table


def scores(r10: float) -> dict[str, float]:
    return {
        "n": 200, "moved_deg": 12.34, "moved_ratio": 0.51, "itself_first": 0.3,
        "itself_in_10": 0.62, "r10": r10, "r10_error": 0.03, "median_rank": 27.0,
        "z_nmad": 0.0421, "z_outliers": 0.28,
    }  # fmt: skip


def results(r10: float, *names: str) -> dict[str, object]:
    return {"n_candidates": 4000, "image": {n: scores(r10) for n in names}, "spectrum": {}}


def test_a_row_has_all_scores_of_a_change() -> None:
    lines = table(results(0.25, "unchanged")).splitlines()
    assert lines[0] == "200 queries among 4,000 simulated galaxies."
    assert lines[2] == (
        "| change of the image | finds its spectrum (R@10) | median rank | finds itself first | "
        "in 10 | moved by | ratio | redshift: NMAD, off by 0.1 |"
    )
    assert lines[4] == (
        "| unchanged | 0.250 ± 0.030 | 27 | 30% | 62% | 12.3 deg | 0.51 | 0.0421, 28% |"
    )


def test_earlier_recall_stands_before_the_new_one() -> None:
    text = table(results(0.25, "unchanged", "new"), results(0.01, "unchanged"))
    assert "| unchanged | 0.010 ± 0.030 | 0.250 ± 0.030 |" in text
    assert "| new |  | 0.250 ± 0.030 |" in text
