"""Galaxy Zoo votes predicted from other images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.downstream.downstream_report import tables
from benchmarks.downstream.galaxy_zoo_votes import predict_from_others, score_votes


def test_votes_come_from_other_galaxies() -> None:
    vectors = np.repeat(np.arange(10.0), 2)[:, None] + np.tile([0, 0.01], 10)[:, None]
    votes = np.random.default_rng(3).random(20)
    swapped = votes.reshape(10, 2)[:, ::-1].ravel()
    np.testing.assert_allclose(predict_from_others(vectors, votes, k=1), swapped)


def test_votes_are_measured_where_pictures_are_and_else_said_not_to_be(tmp_path: Path) -> None:
    assert score_votes(None, {}) == {"skipped": "no folder of real images was named (--galaxy-zoo)"}
    assert score_votes(tmp_path, {}) == {"skipped": f"{tmp_path} holds no CSV of votes"}
    names = [
        "iauname",
        "ring",
        "smooth-or-featured_featured-or-disk_fraction",
        "disk-edge-on_no_fraction",
        "has-spiral-arms_no_fraction",
    ]
    generator = np.random.default_rng(7)
    lines = [",".join(names)]
    for number in range(30):
        share = number / 30
        lines.append(f"J{number},{number % 2},{share},{1 - share},0.{number:02d}")
        if number < 26:
            picture = generator.integers(0, 20, (424, 424, 3)).astype(np.uint8)
            picture[200:220, 200:220] = 50 + 6 * number
            Image.fromarray(picture).save(tmp_path / f"J{number}.jpg")
    (tmp_path / "votes.csv").write_text("\n".join(lines) + "\n")

    def embed(flux: np.ndarray) -> np.ndarray:
        assert flux.shape[1:] == (3, 152, 152)
        return np.arcsinh(flux[:, :, 70:80, 70:80].mean(axis=(2, 3)))

    found = score_votes(tmp_path, {"aligned": (embed, 152)})
    assert found["n"] == 26
    assert set(found["scores"]) == {"aligned", "colours and sizes"}
    assert found["scores"]["aligned"]["featured"]["r2"] > 0
    text = tables(
        {
            "name": "toy", "n": 0, "labels": {}, "k": 1, "mlp_epochs": 1, "resnet_epochs": 1,
            "conv_epochs": 1, "image_size": 96, "image_binning": 2, "split_sizes": {},
            "contestants": [{"name": "a", "reads": "b", "how": "c", "training": {},
                             "properties": {}}],
            "shapes": [], "headlines": {}, "votes": found,
        }
    )  # fmt: skip
    assert "vote fractions of 26 real images" in text


@pytest.mark.slow
def test_real_votes_are_read(real: Path) -> None:
    found = score_votes(real / "ls-zoobot-jpg", {})
    assert found["n"] > 300
    assert found["scores"]["colours and sizes"]["ring"]["r2"] == pytest.approx(0.18, abs=0.05)
