"""The throughput of two checkouts is measured in processes of their own, run by run."""

from pathlib import Path

from benchmarks.index.query_speed.query_many_throughput import HERE, measure, table


def test_a_checkout_beside_itself(synthetic_home: Path) -> None:
    results = measure(
        synthetic_home / "toy", {"here": HERE, "other": HERE}, n=50, repeats=1, threads=1
    )
    assert len(results["directions"]) == 4
    for entry in results["directions"]:
        for name in ("here", "other"):
            assert entry[name]["wall"] > 0
            assert 0 <= entry[name]["faiss"] <= entry[name]["cpu"] + 0.05
    assert len(table(results).splitlines()) == 8
