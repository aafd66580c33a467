"""Progress of one stage reaches the receiver under the stage's name."""

from galsearch.core.progress import no_progress, stage_progress


def test_reports_of_a_stage_carry_its_name() -> None:
    reports: list[tuple[str, int, int]] = []
    report = stage_progress(lambda *one: reports.append(one), "embed")
    report(1, 2)
    report(2, 2)
    assert reports == [("embed", 1, 2), ("embed", 2, 2)]
    no_progress("embed", 1, 2)
