"""The plain baseline is trained on one dataset and tested on another, beside embeddings."""

import numpy as np

from benchmarks.retrieval.plain_baseline import main, plain_features, recall_rows


def test_recall_of_perfect_and_of_reversed_partners() -> None:
    vectors = np.eye(20, dtype=np.float32)
    assert recall_rows("same", vectors, vectors) == [
        "| same | image | 1.000 | 1.000 | 1.000 | 1 |",
        "| same | spectrum | 1.000 | 1.000 | 1.000 | 1 |",
    ]
    assert "| 0.000 |" in recall_rows("shifted", vectors, np.roll(vectors, 1, axis=0))[0]


def test_features_and_table_of_the_demonstration(demonstration, capsys) -> None:
    home = demonstration.home / "demo"
    image, spectrum, ids = plain_features(home / "dataset")
    assert (image.shape, spectrum.shape, ids.shape) == ((24, 15), (24, 38), (24,))
    arguments = [str(home / "dataset"), str(home / "dataset"), "--pairs", "8", "20"]
    assert main([*arguments, "--embeddings", str(home / "embeddings")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "24 candidates"
    names = [line.split(" | ")[0] for line in lines[4:]]
    assert names == [
        "| plain features, 8 pairs",
        "| plain features, 8 pairs",
        "| plain features, 20 pairs",
        "| plain features, 20 pairs",
        "| embeddings",
        "| embeddings",
    ]
