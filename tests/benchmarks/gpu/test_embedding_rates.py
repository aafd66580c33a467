"""Embedding is measured, here on a CPU at a tiny size."""

from pathlib import Path

from benchmarks.gpu.embedding_rates import measure_embedding


def test_each_modality_has_its_rates(tmp_path: Path) -> None:
    found = measure_embedding(tmp_path, "cpu", n=4, tiny=True)
    assert found["device"] == "cpu"
    for modality in ("image", "spectrum"):
        values = found[modality]
        assert values["precision"] == "fp32"
        assert all(value > 0 for value in values.values() if isinstance(value, float))
        assert values["share_of_plain"] == (
            values["embed_dataset_per_second"] / values["plain_torch_per_second"]
        )
